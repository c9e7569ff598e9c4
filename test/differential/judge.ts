import type { FastifyInstance } from 'fastify'
import { isDeepStrictEqual } from 'node:util'
import type { AppSpec } from './app.js'
import { type Answer, type RequestSpec, send } from './request.js'

/** What was wrong with an answer. */
export interface Wrong {
  rule: string
  expected: unknown
  actual: Answer
}

export interface Verdict {
  /** Which kind of answer the contract asks for. */
  kind: 'routed' | 'not allowed' | 'not found'
  wrong?: Wrong
}

/**
 * Judges the answer of an app with the plugin by that of the same app without it, which is asked for each method whether its router finds a route.
 *
 * @param isOurs compare the whole 405; else its status and the set of methods in `Allow`, for other plugins
 */
export async function judge (spec: AppSpec, plain: FastifyInstance, subject: FastifyInstance, request: RequestSpec, isOurs: boolean): Promise<Verdict> {
  const [without, actual] = [await send(plain, request), await send(subject, request)]
  const { allow: _, ...others } = actual.headers
  const compared = isOurs ? actual : { ...actual, headers: others } // a plugin that adds Allow to other answers may
  if (without.headers['x-seen'] !== 'missed') {
    return verdict('routed', 'a request that is routed, or that Fastify refuses, is untouched', without)
  }
  const allow = await routedMethods(spec, plain, request)
  if (allow.length === 0) return verdict('not found', "an unknown URL gets the app's own 404", without)
  if (!isOurs) {
    const listed = String(actual.headers.allow).split(/\s*,\s*/).filter(method => method !== request.method).sort()
    return actual.status === 405 && isDeepStrictEqual(listed, allow)
      ? { kind: 'not allowed' }
      : { kind: 'not allowed', wrong: { rule: 'a known URL gets a 405 with exactly its methods in Allow', expected: allow, actual } }
  }
  const body = JSON.stringify({
    type: 'https://httpwg.org/specs/rfc9110.html#status.405',
    title: 'Method Not Allowed',
    status: 405,
    detail: `This URL supports ${allow.join(', ').replace(/, ([^,]*)$/, ' and $1')}.`,
    instance: instanceOf(request.url),
    allow
  })
  const headers = { 'x-seen': 'missed', allow: allow.join(', '), 'content-type': 'application/problem+json', 'content-length': String(Buffer.byteLength(body)), connection: 'keep-alive' }
  return verdict('not allowed', 'a known URL gets a 405', { status: 405, headers, body: request.method === 'HEAD' ? '' : body })

  function verdict (kind: Verdict['kind'], rule: string, expected: Answer): Verdict {
    return isDeepStrictEqual(compared, expected) ? { kind } : { kind, wrong: { rule, expected, actual } }
  }
}

/** The methods for which the app's router finds a route at the URL of a request; none where only a root catch-all or OPTIONS makes it known. */
async function routedMethods ({ catchAll }: AppSpec, plain: FastifyInstance, { url, headers }: RequestSpec): Promise<string[]> {
  const methods: string[] = []
  let known = false
  for (const method of plain.supportedMethods) {
    const seen = String((await send(plain, { method, url, headers })).headers['x-seen'])
    if (!seen.startsWith('found ')) continue
    methods.push(method)
    known ||= method !== 'OPTIONS' && (catchAll || (seen !== 'found *' && seen !== 'found /*'))
  }
  return known ? methods.sort() : []
}

function instanceOf (url: string): string {
  const path = url.replace('http://a.example', '').replace(/[?#].*/, '').replace(/%(?![0-9a-f]{2})/gi, '%25') || '/'
  return path.startsWith('//') ? `/.${path}` : path
}
