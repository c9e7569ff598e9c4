import type { TObject } from '@sinclair/typebox'
import type { TypeCheck } from '@sinclair/typebox/compiler'
import type { MethodNotAllowedProblem, ProblemDetails } from '../types/problem.js'
import type { AnyRequest } from '../types/options.js'
import { InvalidOptionError, InvalidProblemError, ensure, isObject, show } from './errors.js'
import { DEFAULT_SETTINGS, type Settings } from './options.js'
import { type MaybePromise, andThen, callOption } from './promise.js'
import type { Finding } from './recent.js'
import { routedUrl, toUriReference } from './target.js'

/**
 * The body of a 405 (RFC 9457), as JSON.
 *
 * The default one does not depend on the request's method, so that HEAD gets the same Content-Length as GET (RFC 9110 §9.3.2).
 *
 * @throws what the option `problem` throws; `FST_ALLOWED_METHODS_INVALID_PROBLEM` if the body does not satisfy the schema
 */
export function toMethodNotAllowed (request: AnyRequest, finding: Finding, settings: Settings): MaybePromise<string> {
  const { methods } = finding
  const { problem: build } = settings
  const target = request.originalUrl
  if (build !== undefined) {
    const problem = toDefault(settings, methods, toUriReference(target))
    return andThen(callOption('problem', () => build(problem, request)), body => toJson(body, settings))
  }
  if (target !== routedUrl(request)) return toDefaultJson(target, methods, settings) // `rewriteUrl` may map several URLs to one
  finding.body ??= toDefaultJson(finding.url ?? target, methods, settings) // the copy that is kept, because V8 keeps what a text is cut from
  return finding.body
}

/** One check for each list of methods is enough under the default schema, because it accepts any string as the instance. */
function toDefaultJson (target: string, methods: readonly string[], settings: Settings): string {
  const instance = toUriReference(target)
  if (settings.schema !== DEFAULT_SETTINGS.schema) return toJson(toDefault(settings, methods, instance), settings)
  let frame = settings.frames.get(methods)
  if (frame === undefined) {
    frame = toJson(toDefault(settings, methods, ''), settings).split(/(?<="instance":")(?=")/) as [before: string, after: string]
    settings.frames.set(methods, frame)
  }
  return frame[0] + instance + frame[1] // a URI reference contains nothing that JSON has to escape
}

function toDefault ({ type }: Settings, methods: readonly string[], instance: string): MethodNotAllowedProblem {
  return { type, title: 'Method Not Allowed', status: 405, detail: toDetail(methods), instance, allow: [...methods] }
}

/** `This URL supports DELETE, GET and HEAD.` */
export function toDetail (methods: readonly string[]): string {
  return `This URL supports ${methods.length === 0 ? 'no method' : methods.join(', ').replace(/, (?=[^,]*$)/, ' and ')}.`
}

/**
 * Checks options that are in force together, those of a prefix and those it inherits: without the option `problem`, the default body must
 * satisfy the schema, apart from the members that vary with the request.
 */
export function checkSettings (settings: Settings): void {
  if (settings.problem !== undefined) return
  const body = settings.clean(settings.schema, toDefault(settings, [], ''))
  const error = [...settings.check.Errors(body)].find(({ path }) => !/^\/(detail|instance|allow)(\/|$)/.test(path))
  if (error === undefined) return
  throw new InvalidOptionError("option 'schema' must be satisfied by the default problem, unless the option 'problem' builds another: " +
    `'${error.path}' is invalid: ${error.message}, got ${show(error.value)}`)
}

/** Serializes a body without what the schema does not declare, and checks the result: what is checked is what is sent. */
function toJson (body: unknown, { schema, check, clean }: Settings): string {
  ensure(isObject(body), InvalidProblemError, 'problem must be an object', body)
  let sent: unknown
  try {
    sent = clean(schema, JSON.parse(JSON.stringify(body), withoutInherited))
  } catch (error) {
    throw new InvalidProblemError(`problem cannot be written as JSON: ${error instanceof Error ? error.message : show(error)}`)
  }
  const fault = faultOf(sent, check)
  if (fault !== undefined) throw new InvalidProblemError(`problem member ${fault}`)
  return JSON.stringify(sent)
}

/** Drops members such as `constructor`: TypeBox takes them for declared, because every object inherits them. */
function withoutInherited (name: string, value: unknown): unknown {
  return name in Object.prototype ? undefined : value
}

/** What is wrong with the body of a 405, naming the member; undefined where it is valid. */
export function faultOf (body: unknown, check: TypeCheck<TObject>): string | undefined {
  if (!check.Check(body)) {
    const { path, message, value } = check.Errors(body).First() ?? { path: '', message: 'Expected what the schema describes', value: body }
    return `${show(path)} is invalid: ${message}, got ${show(value)}`
  }
  if (body.status === undefined || body.status === 405) return undefined
  return `'/status' is invalid: Expected 405, got ${show(body.status)}` // the status of the response (RFC 9457 §3.1.2)
}

/** The body of a 404 (RFC 9110 §15.5.5) or a 501 (§15.6.2), which are problems too (RFC 9457). */
export function toRefusal (request: AnyRequest, status: 404 | 501) {
  const [title, detail] = status === 404
    ? ['Not Found', 'This URL does not exist.'] as const
    : ['Not Implemented', `This service supports ${request.method} at no URL.`] as const
  const type = `https://httpwg.org/specs/rfc9110.html#status.${status}`
  return { type, title, status, detail, instance: toUriReference(request.originalUrl) } satisfies ProblemDetails
}
