import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { ConstraintValues } from '../types/options.js'

/** A line of `printRoutes`: four characters of branches for each level, then a part of a pattern. */
const LINE = /^((?:[│ ] {3}|[├└]── )+)(.*)$/

/** A part at which routes end: their methods in brackets follow, then their constraints, if any. */
const ROUTES = /^(.*) \(([A-Z-]+(?:, [A-Z-]+)*)\)(?: (\{.*\}))?$/

/**
 * The routes of an app as Fastify prints them: its public API has no other list.
 *
 * `hasRoute` confirms each, since a pattern may hold what looks like the drawing.
 *
 * @see https://fastify.dev/docs/latest/Reference/Server/#printroutes
 */
export function * printedRoutes (scope: FastifyInstance): Generator<{ url: string, method: string, constraints: ConstraintValues }> {
  const parts: string[] = []
  for (const line of printRoutes(scope)?.split('\n') ?? []) {
    const [, branches = '', text = ''] = LINE.exec(line) ?? []
    const [, part = text, methods, constraints = '{}'] = ROUTES.exec(text) ?? []
    parts.length = branches.length // nothing is left of what stood deeper, and holes join to nothing
    parts.push(toPattern(part))
    const url = parts.join('')
    for (const method of methods?.split(', ') ?? []) {
      const confirmed = confirm(scope, method, url, constraints)
      if (confirmed !== undefined) yield { url, method, constraints: confirmed }
    }
  }
}

/**
 * What Fastify prints of its routes; undefined where it throws: it prints under its own strategies, which may refuse the values
 * of those that an app has put in their place, such as a list of versions in NestJS.
 */
export function printRoutes (scope: FastifyInstance): string | undefined {
  try {
    return scope.printRoutes()
  } catch {
    return undefined
  }
}

/** A part as it was declared: the router keeps `%` escaped, joins parameters that differ in their names alone by `|`, and makes `::` a `:`. */
function toPattern (part: string): string {
  if (part === '(empty root node)') return ''
  const declared = part.replaceAll('%25', '%')
  return part.startsWith(':') ? declared.replace(/\|:.*/, '') : declared.replaceAll(':', '::')
}

/** The constraints of a printed route, where there is such a route. */
function confirm (scope: FastifyInstance, method: string, pattern: string, printed: string): ConstraintValues | undefined {
  const url = pattern === '*' ? '/*' : pattern // one route to the router, and the only spelling that hasRoute finds
  for (const reviver of [undefined, reviveRegExp]) {
    try {
      const constraints = JSON.parse(printed, reviver)
      if (scope.hasRoute({ method: method as HTTPMethods, url, constraints })) return constraints
    } catch {} // not the print of a route
  }
}

/** `printRoutes` shows a regular expression as its source. */
function reviveRegExp (_name: string, value: unknown): unknown {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(String(value)) ?? []
  return source === undefined ? value : new RegExp(source, flags)
}
