import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import inject from 'light-my-request'
import { type AppSpec, type Item, rarely } from './app.js'

export interface RequestSpec {
  method: string
  url: string
  headers: Record<string, string>
  payload?: string
}

export interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
}

const VALUES = ['a', '12', 'me', 'a-b', 'x.txt', '', 'A', 'a%2Fb', '%25', '%C3%A9', 'a;b', 'x'.repeat(6), 'x'.repeat(101), 'constructor']
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'PURGE', 'M-SEARCH', 'LOCK']
const TWISTS: Record<string, (url: string) => string> = {
  none: url => url,
  upperCase: url => url.toUpperCase(),
  trailingSlash: url => `${url}/`,
  noTrailingSlash: url => url.replace(/(.)\/$/, '$1'),
  duplicateSlash: url => url.replace('/', '//'),
  query: url => `${url}?a=/b&%zz`,
  semicolon: url => `${url};a=b`,
  fragment: url => `${url}#f`,
  encoded: url => url.replace(/[a-z]/, letter => `%${letter.charCodeAt(0).toString(16)}`),
  malformed: url => `${url}%zz`,
  deeper: url => `${url}/more`,
  absolute: url => `http://a.example${url}`,
  old: url => `/old${url}`,
  other: () => '/unheard/of'
}

/** Requests for an app: most ask one of its patterns, filled in and perhaps spelled otherwise. */
export function requestsFor (spec: AppSpec, count: number): fc.Arbitrary<RequestSpec[]> {
  const patterns = patternsOf(spec.items, '')
  const request = fc.record({
    method: fc.constantFrom(...METHODS),
    pattern: patterns.length === 0 ? fc.constant('/') : fc.constantFrom(...patterns),
    values: fc.array(fc.constantFrom(...VALUES), { minLength: 3, maxLength: 3 }),
    twist: fc.oneof({ weight: 2, arbitrary: fc.constant('none') }, { weight: 3, arbitrary: fc.constantFrom(...Object.keys(TWISTS)) }),
    headers: fc.record({
      'accept-version': rarely(fc.constantFrom('1.x', '1.0.0', '2.x', '3.x', 'nonsense')),
      host: rarely(fc.constantFrom('a.example', 'b.example', 'c.example.org')),
      'x-secret': fc.constantFrom(undefined, undefined, 's', 't'),
      'x-call': rarely(fc.constant('not found'))
    }).map(headers => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))),
    payload: rarely(fc.constantFrom('{', '{"a":1}', 'x'))
  }).map(({ method, pattern, values, twist, headers, payload }): RequestSpec => ({
    method,
    url: (TWISTS[twist] as (url: string) => string)(fill(pattern, values)),
    headers: { ...headers as Record<string, string>, ...(payload !== undefined && { 'content-type': payload === 'x' ? 'text/odd' : 'application/json' }) },
    ...(payload !== undefined && { payload })
  }))
  return fc.array(request, { minLength: count, maxLength: count })
}

function patternsOf (items: Item[], prefix: string): string[] {
  return items.flatMap(item => 'items' in item
    ? patternsOf(item.items, prefix.replace(/\/$/, '') + item.prefix)
    : 'route' in item ? [prefix + item.route] : [])
}

/** Puts values in the place of the parameters and wildcards of a pattern. */
function fill (pattern: string, values: string[]): string {
  let next = 0
  const value = (): string => values[next++ % values.length] as string
  const url = pattern.replaceAll('::', '%3A').replace(/:[^/.(-]+(\([^/]*\))?\??/g, value).replace('*', value)
  return url.startsWith('/') ? encodeURI(url).replace(/%25(?=[0-9A-F]{2})/gi, '%') : `/${url}`
}

/** Sends a request to an app with its target as it is, which `app.inject` would normalize. */
export async function send (app: FastifyInstance, { method, url, headers, payload }: RequestSpec): Promise<Answer> {
  const reply = await inject((request, response) => {
    request.url = url
    app.routing(request as never, response as never)
  }, { method: method as never, url: '/', headers: { host: 'c.example.org', ...headers }, ...(payload !== undefined && { payload }) })
  const { date, ...rest } = reply.headers
  return { status: reply.statusCode, headers: rest, body: reply.payload }
}
