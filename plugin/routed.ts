import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsOf } from './constraints.js'
import type { Settings } from './options.js'
import { type MaybePromise, andThen } from './promise.js'
import { decode, routedPath, withRoutedSlashes } from './target.js'

type Match = NonNullable<ReturnType<FastifyInstance['findRoute']>>

/**
 * The methods routed at a request's URL, under its constraints.
 *
 * @returns the methods, sorted; empty where the URL is unknown; a promise where the option `constraints` is async
 * @throws what the option `constraints` throws
 */
export function methodsFor (request: AnyRequest, { catchAll, constraints }: Settings): MaybePromise<string[]> {
  return andThen(constraintsOf(request, constraints), values =>
    routedMethods(request.server, request.raw.url as string, values, catchAll))
}

/**
 * The methods routed at a URL: those for which Fastify's router, asked for the method and this URL, finds a route.
 *
 * A URL is known where a method other than OPTIONS is routed by a route that is not a root catch-all (`*` or `/*`):
 * such a route matches every URL, so it says nothing about whether this one exists. The target `*` is no URL, but the server
 * (RFC 9110 §9.3.7), though the router takes it for `/`.
 *
 * @param url the URL that is routed, so after `rewriteUrl`
 * @param constraints values of the constraint strategies in use, and of no other
 * @param catchAll let a root catch-all make the URL known
 * @returns the methods, sorted; empty where the URL is unknown
 */
export function routedMethods (app: FastifyInstance, url: string, constraints: ConstraintValues | undefined, catchAll: boolean): string[] {
  const path = url.replace(/[?#].*$/s, '')
  if (path === '*') return []
  const methods: string[] = []
  let known = false
  for (const method of app.supportedMethods as HTTPMethods[]) {
    const search = { method, url: path, constraints }
    const match = app.findRoute(search)
    if (match === null || !isRoute(app, match, () => app.findRoute(search))) continue
    methods.push(method)
    known ||= method !== 'OPTIONS' && (catchAll || !isRootCatchAll(app, match, path))
  }
  return known ? methods.sort() : []
}

/** The handler that every route of an app has in a match, by the app's server, once one was seen. */
const routeHandlers = new WeakMap<FastifyInstance['server'], Match['handler']>()

/**
 * Tells a route from the pseudo-route that the router gives for a malformed URL or a parameter that is too long.
 *
 * That one has no parsed query. A route has, unless the app's `querystringParser` returns undefined;
 * then the handler tells: every route has the same one, a pseudo-route has a new one each time.
 */
function isRoute ({ server }: FastifyInstance, { handler, searchParams }: Match, again: () => Match | null): boolean {
  const known = routeHandlers.get(server)
  if (known !== undefined) return handler === known
  if (searchParams === undefined && handler !== again()?.handler) return false
  routeHandlers.set(server, handler)
  return true
}

/** Tells whether a match is that of a root catch-all: its parameter is the whole path, with its first slash or without. */
function isRootCatchAll (app: FastifyInstance, { params }: Match, url: string): boolean {
  const rest = params['*']
  if (rest === undefined) return false
  const path = decode(withRoutedSlashes(app, routedPath(app, url)), decodeURIComponent)
  return rest === path || rest === path.slice(1)
}
