import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify'
import type { ConstraintValues } from '../types/options.js'
import { normalize } from './target.js'

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
    for (const method of [route.method].flat()) add(route.url, method)
    for (const name of Object.keys(route.constraints ?? {})) constraints.add(name)
  })
  scope.addHook('onReady', async function closeRecord () {
    ready = true
  })
  return {
    constraints,
    get methodsByUrl () {
      if (!complete) completeRecord()
      complete = ready
      return methodsByUrl
    }
  }

  function completeRecord (): void {
    const reported = new Set([...methodsByUrl].flatMap(([url, methods]) => [...methods].flatMap(method => spellings(scope, method, url))))
    for (const { url, method } of printedRoutes(scope)) {
      if (!spellings(scope, method, url).every(spelling => reported.has(spelling))) add(url, method)
    }
  }

  function add (url: string, method: string): void {
    if (!methodsByUrl.has(url)) Map.prototype.set.call(methodsByUrl, url, readOnly(new Set()))
    Set.prototype.add.call(methodsByUrl.get(url), method)
  }
}

/**
 * The routes that the router makes of one: two where its last parameter is optional, each spelled as its options ask.
 * The names of parameters do not count, since `printRoutes` cannot tell whose they are where routes differ in them alone.
 */
function spellings (scope: FastifyInstance, method: string, url: string): string[] {
  const full = url.replace(/(\/:[^/()]*)\?\/?$/, '$1')
  const patterns = full === url ? [url] : [full, full.replace(/\/[^/]*$/, '') || '/']
  return patterns.map(pattern => `${method} ${normalize(scope, pattern.replace(/:[^/().-]+/g, ':'))}`)
}

/** A line of `printRoutes`: four characters of branches for each level, then a part of a pattern. */
const LINE = /^((?:[│ ] {3}|[├└]── )+)(.*)$/

/** A part at which routes end: their methods in brackets follow, then their constraints, if any. */
const ROUTES = /^(.*) \(([A-Z-]+(?:, [A-Z-]+)*)\)(?: (\{.*\}))?$/

/** The routes that Fastify prints, of which `hasRoute` confirms each, since a pattern may hold what looks like the drawing. */
function * printedRoutes (scope: FastifyInstance): Generator<{ url: string, method: string }> {
  const parts: string[] = []
  for (const line of scope.printRoutes().split('\n')) {
    const [, branches = '', text = ''] = LINE.exec(line) ?? []
    const [, part = text, methods, constraints = '{}'] = ROUTES.exec(text) ?? []
    parts.length = Math.max(branches.length / 4 - 1, 0)
    parts.push(part === '(empty root node)' ? '' : part.replaceAll('%25', '%').replace(/(?<=^:.*)\|:.*/, '')) // the router escapes %, unescapes ::, and joins names by |
    const urls = [parts, parts.map(part => part.startsWith(':') ? part : part.replaceAll(':', '::'))].map(parts => parts.join(''))
    for (const method of methods?.split(', ') ?? []) {
      const url = urls.find(url => isConfirmed(scope, method, url, constraints))
      if (url !== undefined) yield { url, method }
    }
  }
}

function isConfirmed (scope: FastifyInstance, method: string, url: string, printed: string): boolean {
  const has = (constraints: ConstraintValues): boolean => scope.hasRoute({
    method: method as HTTPMethods,
    url: url === '*' ? '/*' : url, // one route to the router, and the only spelling that hasRoute finds
    constraints
  })
  try {
    return has(JSON.parse(printed)) || has(JSON.parse(printed, reviveRegExp))
  } catch {
    return false
  }
}

/** `printRoutes` shows a regular expression as its source. */
function reviveRegExp (_name: string, value: unknown): unknown {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(String(value)) ?? []
  return source === undefined ? value : new RegExp(source, flags)
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
