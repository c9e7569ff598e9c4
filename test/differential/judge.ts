import type { FastifyInstance } from 'fastify'
import { isDeepStrictEqual } from 'node:util'
import { type AppSpec, type Options, declaredIn } from './app.js'
import { type Answer, type RequestSpec, send } from './request.js'
import type { OptionsAt } from './scopes.js'

/** What was wrong with an answer. */
export interface Wrong {
  rule: string
  expected: unknown
  actual: Answer
}

export interface Verdict {
  /** Which kind of answer is right. */
  kind: 'routed' | 'not allowed' | 'not found'
  wrong?: Wrong
}

/**
 * Judges the answer of an app with the plugin by that of the same app without it, which is asked for each method whether its router finds a route.
 *
 * @param optionsAt the options in force at the URL of a request
 * @param isOurs compare the whole 405; else its status and the set of methods in `Allow`, for other plugins
 */
export async function judge (
  spec: AppSpec, optionsAt: OptionsAt, plain: FastifyInstance, request: RequestSpec, actual: Answer, isOurs: boolean
): Promise<Verdict> {
  const without = await send(plain, request)
  const { allow: _, ...others } = actual.headers
  const compared = isOurs ? actual : { ...actual, headers: others } // a plugin that adds Allow to other answers may
  const inForce = await optionsAt(request)
  const options = inForce ?? {}
  const untouched = isOurs && options.notFound && isDefault404(without) ? notFound() : without
  const seen = String(without.headers['x-seen'])
  if (seen !== 'missed') {
    const isTooEarly = (options.allow === 'later' || spec.secret === 'async') && without.status >= 400 // the body was refused before an async option was asked
    const isAdvertised = isOurs && options.advertise && without.headers['x-advertised'] !== undefined && seen.startsWith('found ') && without.status !== 404 && !isTooEarly
    const allow = isAdvertised ? await routedMethods(options, spec.hidden, plain, request) : []
    const headers = { ...untouched.headers, ...(allow.length > 0 && { allow: allow.join(', ') }) }
    return verdict('routed', 'a request that is routed, or that Fastify refuses, is untouched', { ...untouched, headers })
  }
  if (isOurs && options.notImplemented && !isImplemented()) {
    return verdict('not found', 'a method that no route takes is not implemented', refusal(501, 'Not Implemented', `This service supports ${request.method} at no URL.`))
  }
  const allow = inForce === undefined ? [] : await routedMethods(options, spec.hidden, plain, request)
  if (allow.length === 0) return verdict('not found', "an unknown URL gets the app's own 404", untouched)
  if (!isOurs) {
    const listed = String(actual.headers.allow).split(/\s*,\s*/).filter(method => method !== request.method).sort()
    return actual.status === 405 && isDeepStrictEqual(listed, allow)
      ? { kind: 'not allowed' }
      : { kind: 'not allowed', wrong: { rule: 'a known URL gets a 405 with exactly its methods in Allow', expected: allow, actual } }
  }
  if (options.answerOptions && request.method === 'OPTIONS') {
    const headers = { 'x-seen': 'missed', allow: [...allow, 'OPTIONS'].sort().join(', '), connection: 'keep-alive' }
    return verdict('not allowed', 'OPTIONS on a known URL gets a 204', { status: 204, headers, body: '' })
  }
  const expected = refusal(405, 'Method Not Allowed', `This URL supports ${allow.join(', ').replace(/, ([^,]*)$/, ' and $1')}.`, {
    allow,
    ...(options.type !== undefined && !options.throw && { type: options.type }),
    ...(options.problem && { hint: 'x' })
  })
  return verdict('not allowed', 'a known URL gets a 405', { ...expected, headers: { ...expected.headers, allow: allow.join(', ') } })

  function verdict (kind: Verdict['kind'], rule: string, expected: Answer): Verdict {
    return isDeepStrictEqual(compared, expected) ? { kind } : { kind, wrong: { rule, expected, actual } }
  }

  function isImplemented (): boolean {
    const { method } = request
    return method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && options.answerOptions === true) || declaredIn(plain).methods.has(method)
  }

  function notFound (): Answer {
    const answer = refusal(404, 'Not Found', 'This URL does not exist.')
    const marks = Object.entries(without.headers).filter(([name]) => name.startsWith('x-'))
    return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(marks) } }
  }

  /** A problem, or the error of the option `throw` as Fastify answers it. */
  function refusal (status: number, title: string, detail: string, more: object = {}): Answer {
    const body = JSON.stringify(options.throw
      ? { statusCode: status, code: `FST_ALLOWED_METHODS_${title.toUpperCase().replaceAll(' ', '_')}`, error: title, message: detail }
      : { type: `https://httpwg.org/specs/rfc9110.html#status.${status}`, title, status, detail, instance: instanceOf(request.url), ...more })
    const headers = {
      'x-seen': 'missed',
      'content-type': options.throw ? 'application/json; charset=utf-8' : 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'keep-alive'
    }
    return { status, headers, body: request.method === 'HEAD' ? '' : body }
  }
}

function isDefault404 ({ status, headers }: Answer): boolean {
  return status === 404 && headers['x-handler'] === undefined
}

/** The methods for which the app's router finds a route at the URL of a request; none where only a root catch-all or OPTIONS makes it known. */
async function routedMethods (
  { catchAll, allow }: Options, hidden: readonly string[], plain: FastifyInstance, { url, headers }: RequestSpec
): Promise<string[]> {
  const methods: string[] = []
  let known = false
  for (const method of plain.supportedMethods) {
    const seen = String((await send(plain, { method, url, headers })).headers['x-seen'])
    if (!seen.startsWith('found ') || (allow !== undefined && hidden.includes(method))) continue
    methods.push(method)
    known ||= method !== 'OPTIONS' && (catchAll || (seen !== 'found *' && seen !== 'found /*'))
  }
  return known ? methods.sort() : []
}

function instanceOf (url: string): string {
  const path = url.replace('http://a.example', '').replace(/[?#].*/, '').replace(/%(?![0-9a-f]{2})/gi, '%25') || '/'
  return path.startsWith('//') ? `/.${path}` : path
}
