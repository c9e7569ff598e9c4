import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import type { Settings } from './options.js'
import type { Installation, Match } from './scope.js'
import { decode, routedPath, withRoutedSlashes, withoutQuery } from './target.js'

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
  const search = { method: '' as HTTPMethods, url: url.startsWith('/') ? withoutQuery(url) : url, constraints } // versions of the router differ on others
  if (search.url === '*') return NO_METHODS
  let bits = 0 // without bitwise operators, which hold only 32 methods
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

/** Tells whether the option `notImplemented` refuses a request: no route takes its method. GET and HEAD must be supported (RFC 9110 §9.1). */
export function isNotImplemented (installation: Installation, { method }: AnyRequest, { notImplemented, answerOptions }: Settings): boolean {
  const isExempt = !notImplemented || method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && answerOptions)
  return !isExempt && !methodsInUse(installation).includes(method)
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

/**
 * Tells whether a match is that of a root catch-all: its wildcard is the whole path, with or without the first slash. Of an absolute form,
 * it may be more, because some versions of the router keep the origin.
 *
 * The router takes the first character for a slash, whatever it is; if it is another, any wildcard may be that of a root catch-all.
 */
function isRootCatchAll (app: FastifyInstance, { params }: Match, url: string): boolean {
  const rest = params['*']
  if (rest === undefined) return false
  const path = routedPath(app, url)
  return !path.startsWith('/') || rest.endsWith(decode(withRoutedSlashes(app, path), decodeURIComponent).slice(1))
}
