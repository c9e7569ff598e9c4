import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify'
import type { ConstraintValues } from '../types/options.js'

/** What is known of an app's routes. It never decides an answer: the router does. */
export interface RouteRecord {
  /** Each route pattern to its methods. */
  readonly methodsByUrl: ReadonlyMap<string, ReadonlySet<string>>
  /** Names of the routing constraints of the recorded routes. */
  readonly constraints: ReadonlySet<string>
}

/**
 * Records the routes that a scope and the scopes within it declare from now on, through `onRoute`.
 *
 * `onRoute` reports neither routes declared earlier nor the second URL (`/api/`) of a `/` route in a prefixed scope.
 * Those are read from `printRoutes` when the map is asked for.
 */
export function recordRoutes (scope: FastifyInstance): RouteRecord {
  const methodsByUrl = readOnly(new Map<string, ReadonlySet<string>>())
  const constraints = new Set<string>()
  let ready = false
  let complete = false

  scope.addHook('onRoute', function recordRoute (route: RouteOptions) {
    add(route.url, [route.method].flat())
    for (const name of Object.keys(route.constraints ?? {})) constraints.add(name)
  })
  scope.addHook('onReady', function closeRecord (done) {
    ready = true
    done()
  })
  return {
    constraints,
    get methodsByUrl () {
      if (!complete) {
        for (const { url, methods } of printedRoutes(scope)) add(url, methods)
        complete = ready
      }
      return methodsByUrl
    }
  }

  function add (url: string, methods: readonly string[]): void {
    if (!methodsByUrl.has(url)) Map.prototype.set.call(methodsByUrl, url, readOnly(new Set()))
    for (const method of methods) Set.prototype.add.call(methodsByUrl.get(url), method)
  }
}

/** A line of `printRoutes`: four characters of branches for each level, then a part of a pattern. */
const LINE = /^((?:[│ ] {3}|[├└]── )+)(.*)$/

/** A part at which routes end: their methods in brackets follow, then their constraints, if any. */
const ROUTES = /^(.*) \(([A-Z-]+(?:, [A-Z-]+)*)\)(?: (\{.*\}))?$/

/** The routes that Fastify prints, of which `hasRoute` confirms each, since a pattern may hold what looks like the drawing. */
function * printedRoutes (scope: FastifyInstance): Generator<{ url: string, methods: string[] }> {
  const parts: string[] = []
  for (const line of scope.printRoutes().split('\n')) {
    const [, branches = '', text = ''] = LINE.exec(line) ?? []
    const [, part = text, methods = '', constraints] = ROUTES.exec(text) ?? []
    parts.length = Math.max(branches.length / 4 - 1, 0)
    parts.push(part === '(empty root node)' ? '' : part.replaceAll('%25', '%')) // as the router keeps a %
    const url = parts.join('')
    const confirmed = methods.split(', ').filter(method => scope.hasRoute({
      method: method as HTTPMethods,
      url: url === '*' ? '/*' : url, // one route to the router, and the only spelling that hasRoute finds
      constraints: constraints === undefined ? {} : parseConstraints(constraints)
    }))
    if (confirmed.length > 0) yield { url, methods: confirmed }
  }
}

/** Constraints as `printRoutes` shows them, where a regular expression stands as its source. */
function parseConstraints (printed: string): ConstraintValues {
  return JSON.parse(printed, (_name, value) => {
    const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(value) ?? []
    return source === undefined ? value : new RegExp(source, flags)
  })
}

/** Takes the methods that change a Map or Set away from whoever is handed it. */
function readOnly<T extends object> (collection: T): T {
  for (const name of ['set', 'add', 'delete', 'clear']) {
    Object.defineProperty(collection, name, { value: refuse })
  }
  return collection
}

function refuse (): never {
  throw new TypeError('methodsByUrl is read-only')
}
