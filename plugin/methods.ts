import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsOf } from './constraints.js'
import { InvalidOptionError, ensure } from './errors.js'
import type { Settings } from './options.js'
import { type MaybePromise, andThen, callOption } from './promise.js'
import type { Finding } from './recent.js'
import { routedMethods } from './routed.js'
import type { Installation } from './scope.js'
import { routedUrl } from './target.js'

/**
 * Finds the methods of a request's URL: those routed there under its constraints, without those that the option `allow` removes.
 *
 * @param isMiss whether the router found no route for the request; constraint values under which it would have found one are not trusted
 * @returns the methods, sorted; none if the URL is unknown; a promise if the option `constraints` or `allow` is async
 */
export function findMethods (installation: Installation, request: AnyRequest, settings: Settings, isMiss = false): MaybePromise<Finding> {
  const { recent } = installation
  if (recent === undefined || settings.constraints !== undefined) return findConstrained(installation, request, settings, isMiss)
  const url = routedUrl(request)
  let finding = recent.lookUp(url)
  if (finding === undefined) {
    finding = { url, methods: routedMethods(installation, url, undefined, settings.catchAll), body: undefined }
    recent.keep(finding)
  }
  return allowed(finding, undefined, installation, request, settings, isMiss)
}

/** Finds the methods of a URL at which a handler or a hook refuses one. It is known, even if only root catch-alls take it. */
export function findForRefusal (installation: Installation, request: AnyRequest, settings: Settings): MaybePromise<Finding> {
  return andThen(constraintsOf(installation, request, settings.constraints), values => {
    const isKnown = routedMethods(installation, routedUrl(request), values, settings.catchAll).length > 0
    return findMethods(installation, request, { ...settings, constraints: () => values, catchAll: settings.catchAll || !isKnown })
  })
}

function findConstrained (installation: Installation, request: AnyRequest, settings: Settings, isMiss: boolean): MaybePromise<Finding> {
  return andThen(constraintsOf(installation, request, settings.constraints), values => {
    const methods = routedMethods(installation, routedUrl(request), values, settings.catchAll)
    return allowed({ methods }, values, installation, request, settings, isMiss)
  })
}

function allowed (
  finding: Finding, values: ConstraintValues | undefined, installation: Installation, request: AnyRequest, settings: Settings, isMiss: boolean
): MaybePromise<Finding> {
  const { allow, catchAll } = settings
  if (isMiss && finding.methods.includes(request.method)) return { methods: [] }
  if (allow === undefined) return finding
  return andThen(narrow(finding.methods, request, allow), kept => {
    return { methods: routedMethods(installation, routedUrl(request), values, catchAll, kept) }
  })
}

/** The methods that remain after the option `allow`. */
export function narrow (methods: readonly string[], request: AnyRequest, allow: Settings['allow']): MaybePromise<readonly string[]> {
  if (allow === undefined || methods.length === 0) return methods
  return andThen(callOption('allow', () => allow([...methods], request)), kept => {
    const isRight = isListOfMethods(kept) && kept.every(method => method === method.toUpperCase())
    ensure(isRight, InvalidOptionError, "option 'allow' must return an array of methods in upper case", kept)
    return methods.filter(method => kept.includes(method))
  })
}

/** The methods that remain if one is refused. GET and HEAD are the same read, with and without a body, so that to refuse one is to refuse both. */
export function withoutRefused (methods: readonly string[], refused: string): string[] {
  const all = refused === 'GET' || refused === 'HEAD' ? ['GET', 'HEAD'] : [refused]
  return methods.filter(method => !all.includes(method))
}

export function isListOfMethods (value: unknown): value is string[] {
  return Array.isArray(value) && [...value].every(method => typeof method === 'string')
}
