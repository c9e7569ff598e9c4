import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { ConstraintValues } from '../types/options.js'

/** A line of `printRoutes`: four characters of branches for each level, then a part of a pattern. */
const LINE = /^((?:[│ ] {3}|[├└]── )+)(.*)$/

/** A part at which a route ends: followed by its method in parentheses, then by its constraints, if any. */
const ROUTE = /^(.*) \([A-Z-]+\)(?: (\{.*\}))?$/

/**
 * The routes of an app as Fastify prints them: its public API has no other list.
 *
 * `hasRoute` confirms each one, because a pattern may contain what looks like part of the drawing.
 *
 * @see https://fastify.dev/docs/latest/Reference/Server/#printroutes
 */
export function * printedRoutes (scope: FastifyInstance): Generator<{ url: string, method: string, constraints: ConstraintValues }> {
  for (const [method, drawing] of printRoutes(scope)) {
    const parts: string[] = []
    for (const line of drawing?.split('\n') ?? []) {
      const [, branches = '', text = ''] = LINE.exec(line) ?? []
      const [route, part = text, printed = '{}'] = ROUTE.exec(text) ?? []
      parts.length = branches.length // drops deeper levels; the holes in the array join as empty strings
      parts.push(toPattern(part))
      const url = parts.join('')
      const constraints = route && confirm(scope, method, url, printed)
      if (constraints) yield { url, method, constraints }
    }
  }
}

/**
 * The routes of each method as Fastify prints them; undefined if that throws, as it does for constraints that JSON cannot express.
 *
 * To print all at once, Fastify adds them to another router with its built-in constraint strategies, which may refuse the values of those
 * that an app has in their place, such as a list of versions in NestJS.
 */
export function printRoutes (scope: FastifyInstance): [method: HTTPMethods, drawing: string | undefined][] {
  return (scope.supportedMethods as HTTPMethods[]).map(method => {
    try {
      return [method, scope.printRoutes({ method })]
    } catch {
      return [method, undefined]
    }
  })
}

/** A part as it was declared: the router escapes `%`, joins parameters that differ only in name with `|`, and turns `::` into `:`. */
function toPattern (part: string): string {
  if (part === '(empty root node)') return ''
  const declared = part.replaceAll('%25', '%')
  return part.startsWith(':') ? declared.replace(/\|:.*/, '') : declared.replaceAll(':', '::')
}

/** The constraints of a printed route; undefined if there is no such route. */
function confirm (scope: FastifyInstance, method: string, pattern: string, printed: string): ConstraintValues | undefined {
  for (const reviver of [undefined, reviveRegExp]) {
    try {
      const constraints = JSON.parse(printed, reviver)
      if (isDeclared(scope, method, pattern, constraints)) return constraints
    } catch {} // not a printed route
  }
}

/** `printRoutes` shows a regular expression as its source. */
function reviveRegExp (_name: string, value: unknown): unknown {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(String(value)) ?? []
  return source === undefined ? value : new RegExp(source, flags)
}

/** Tells whether a pattern has a route. The router treats `*` and `/*` as one, but `hasRoute` finds only `/*`. */
export function isDeclared (scope: FastifyInstance, method: string, pattern: string, constraints: ConstraintValues): boolean {
  return scope.hasRoute({ method: method as HTTPMethods, url: pattern === '*' ? '/*' : pattern, constraints })
}
