import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { ConstraintValues } from '../types/options.js'
import { printedRoutes } from './printed.js'
import { normalize, routedPatterns, withoutNames } from './target.js'

/** What is known about an app's routes. It never decides an answer: the router does. */
export interface RouteRecord {
  /** The methods of each route pattern. */
  readonly methodsByUrl: ReadonlyMap<string, ReadonlySet<string>>
  /** The routing constraints of recorded routes, by pattern, each once. Until `methodsByUrl` is read, only those that `onRoute` reported. */
  readonly constraintsByUrl: ReadonlyMap<string, readonly ConstraintValues[]>
}

/**
 * Records the routes that a scope and the scopes within it declare from now on, through `onRoute`.
 *
 * `onRoute` reports neither routes declared earlier nor the second URL (`/api/`) of a `/` route in a prefixed scope.
 * Those are taken from `printRoutes` when the map is read.
 */
export function recordRoutes (scope: FastifyInstance): RouteRecord {
  const methodsByUrl = new ReadOnlyMap<string, ReadonlySet<string>>()
  const constraintsByUrl = new Map<string, ConstraintValues[]>()
  let reported: Pick<RouteOptions, 'url' | 'method' | 'constraints'>[] = []
  let ready = false
  let complete = false

  scope.addHook('onRoute', function recordRoute (route: RouteOptions) {
    reported.push(route) // a later hook may still change it
  })
  scope.addHook('onReady', async function closeRecord () {
    ready = true
    reported = reported.map(({ url, method, constraints }) => ({ url, method, constraints })) // lets go of handlers and schemas
    for (const { url, constraints } of reported) addConstraints(url, constraints ?? {})
  })
  return {
    constraintsByUrl,
    get methodsByUrl () {
      if (!complete) completeRecord()
      return methodsByUrl
    }
  }

  function completeRecord (): void {
    complete = ready
    for (const { url, method, constraints } of reported.splice(0)) {
      for (const name of [method].flat()) add(url, name, constraints ?? {})
    }
    const known = new Set([...methodsByUrl].flatMap(([url, methods]) => [...methods].flatMap(method => spellings(scope, method, url))))
    for (const { url, method, constraints } of printedRoutes(scope)) {
      const isKnown = spellings(scope, method, url).every(spelling => known.has(spelling))
      if (!isKnown || methodsByUrl.get(url)?.has(method)) add(url, method, constraints) // known, perhaps under other constraints
    }
  }

  function add (url: string, method: string, constraints: ConstraintValues): void {
    if (!methodsByUrl.has(url)) Map.prototype.set.call(methodsByUrl, url, new ReadOnlySet())
    Set.prototype.add.call(methodsByUrl.get(url), method)
    addConstraints(url, constraints)
  }

  function addConstraints (url: string, constraints: ConstraintValues): void {
    if (Object.keys(constraints).length === 0) return
    const others = constraintsByUrl.get(url) ?? []
    if (!others.some(other => isDeepStrictEqual(other, constraints))) constraintsByUrl.set(url, [...others, constraints])
  }
}

/**
 * The routes that the router makes of one, each spelled as the router options require.
 * Without names of parameters: if routes differ only in those, `printRoutes` does not show which route has which.
 */
function spellings (scope: FastifyInstance, method: string, url: string): string[] {
  return routedPatterns(url).map(pattern => `${method} ${normalize(scope, withoutNames(pattern))}`)
}

/** Collections that throw when someone tries to change them. */
class ReadOnlyMap<K, V> extends Map<K, V> {}
class ReadOnlySet extends Set<string> {}

for (const { prototype } of [ReadOnlyMap, ReadOnlySet]) {
  for (const name of ['set', 'add', 'delete', 'clear']) Object.defineProperty(prototype, name, { value: refuse })
}

function refuse (): never {
  throw new TypeError('methodsByUrl is read-only')
}
