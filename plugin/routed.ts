import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsOf } from './constraints.js'
import { InvalidOptionError, ensure } from './errors.js'
import type { Settings } from './options.js'
import { type MaybePromise, andThen, callOption } from './promise.js'
import type { Finding } from './recent.js'
import type { Installation, Match } from './scope.js'
import { decode, routedPath, routedUrl, withRoutedSlashes, withoutQuery } from './target.js'

/**
 * Finds the methods of a request's URL: those routed there under its constraints, without those that the option `allow` removes.
 *
 * @param isMiss whether the router found no route for the request; constraint values under which it would have found one are not trusted
 * @returns the methods, sorted; none if the URL is unknown; a promise if the option `constraints` or `allow` is async
 */
export function findMethods (installation: Installation, request: AnyRequest, settings: Settings, isMiss = false): MaybePromise<Finding> {
  return installation.isUnconstrained && settings.constraints === undefined
    ? allowed(findRecent(installation, routedUrl(request), settings.catchAll), undefined, installation, request, settings, isMiss)
    : findConstrained(installation, request, settings, isMiss)
}

/** What is routed at a URL, if nothing but the URL decides. */
function findRecent (installation: Installation, url: string, catchAll: boolean): Finding {
  const kept = installation.recent.get(url)
  if (kept !== undefined) return kept
  const finding: Finding = { url, methods: routedMethods(installation, url, undefined, catchAll), body: undefined }
  installation.recent.keep(finding)
  return finding
}

function findConstrained (installation: Installation, request: AnyRequest, settings: Settings, isMiss: boolean): MaybePromise<Finding> {
  return andThen(constraintsOf(installation, request, settings.constraints), values => {
    const methods = routedMethods(installation, routedUrl(request), values, settings.catchAll)
    return allowed({ methods }, values, installation, request, settings, isMiss)
  })
}

function allowed (
  finding: Finding, values: ConstraintValues | undefined, installation: Installation, request: AnyRequest, { allow, catchAll }: Settings, isMiss: boolean
): MaybePromise<Finding> {
  if (isMiss && finding.methods.includes(request.method)) return NO_FINDING
  if (allow === undefined) return finding
  return andThen(narrow(finding.methods, request, allow), kept => ({ methods: routedMethods(installation, routedUrl(request), values, catchAll, kept) }))
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

/**
 * The methods routed at a URL: those for which Fastify's router, asked for the method and this URL, finds a route.
 *
 * A URL is known if a method other than OPTIONS is routed there by a route that is not a root catch-all (`*` or `/*`):
 * a root catch-all matches every URL, so it says nothing about whether this one exists. The target `*` is not a URL but the server
 * (RFC 9110 §9.3.7), although the router takes it for `/`.
 *
 * @param url the URL that is routed, that is, after `rewriteUrl`
 * @param constraints values of the constraint strategies in use, and of no others
 * @param catchAll let a root catch-all make the URL known
 * @param among the methods to ask for, sorted; default: those that some route of the app takes
 * @returns the methods, sorted, in an array that may be shared; empty if the URL is unknown
 */
export function routedMethods (
  installation: Installation, url: string, constraints: ConstraintValues | undefined, catchAll: boolean, among = methodsInUse(installation)
): readonly string[] {
  const search = { method: '' as HTTPMethods, url: withoutQuery(url), constraints }
  if (search.url === '*') return NO_METHODS
  let bits = 0
  let known = false
  for (let at = 0, bit = 1; at < among.length; at++, bit *= 2) {
    search.method = among[at] as HTTPMethods
    const match = installation.root.findRoute(search)
    if (match === null || !isRoute(installation, match, search)) continue
    bits += bit
    known ||= search.method !== 'OPTIONS' && (catchAll || !isRootCatchAll(installation.root, match, search.url))
  }
  return known ? listOf(installation, among, bits) : NO_METHODS
}

const NO_METHODS: readonly string[] = Object.freeze([])
const NO_FINDING: Finding = Object.freeze({ methods: NO_METHODS })

/** The most lists that the table keeps; most apps have only a few. */
const MOST_LISTS = 1000

/** The methods at the places that the bits set; of all methods in use, the same array each time, as long as the table has room. */
function listOf ({ methods, lists }: Installation, among: readonly string[], bits: number): readonly string[] {
  const known = among === methods ? lists.get(bits) : undefined
  if (known !== undefined) return known
  const list = Object.freeze(among.filter((_, at) => Math.floor(bits / 2 ** at) % 2 === 1))
  if (among === methods && lists.size < MOST_LISTS) lists.set(bits, list)
  return list
}

/** Tells whether the service supports a method at all; it must support GET and HEAD (RFC 9110 §9.1). */
export function isImplemented (installation: Installation, { method }: AnyRequest, { answerOptions }: Settings): boolean {
  return method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && answerOptions) || methodsInUse(installation).includes(method)
}

/**
 * The methods that some route of the app takes, sorted; looked up on each call until the app is ready.
 *
 * The router has one tree per method, and reports a malformed URL only for a method that has a tree. If that ever changes, all supported
 * methods are returned.
 */
export function methodsInUse ({ methods, record, root }: Installation): readonly string[] {
  if (methods !== undefined) return methods
  const found = root.supportedMethods.filter(method => root.findRoute({ method: method as HTTPMethods, url: '/%zz' }) !== null)
  const isReliable = found.length > 0 || record.methodsByUrl.size === 0
  return (isReliable ? found : [...root.supportedMethods]).sort()
}

/**
 * Tells a route from the pseudo-route that the router gives for a malformed URL or a parameter that is too long.
 *
 * The pseudo-route has no parsed query. A route has one, unless the app's `querystringParser` returns undefined.
 * Then the handler tells them apart: all routes have the same one, while a pseudo-route has a new one each time.
 */
function isRoute (installation: Installation, { handler, searchParams }: Match, search: Parameters<FastifyInstance['findRoute']>[0]): boolean {
  if (installation.routeHandler !== undefined) return handler === installation.routeHandler
  if (searchParams === undefined && handler !== installation.root.findRoute(search)?.handler) return false
  installation.routeHandler = handler
  return true
}

/** Tells whether a match is that of a root catch-all: its wildcard is the whole path, with or without the first slash. */
function isRootCatchAll (app: FastifyInstance, { params }: Match, url: string): boolean {
  const rest = params['*']
  if (rest === undefined) return false
  const path = decode(withRoutedSlashes(app, routedPath(app, url)), decodeURIComponent)
  return rest === path || rest === path.slice(1)
}
