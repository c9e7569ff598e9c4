import type { FastifyInstance } from 'fastify'
import { DEFAULTS, type GivenOptions, type Settings } from './options.js'
import type { RouteRecord } from './record.js'
import { decode, normalize, routedPath } from './target.js'

/** What the registrations of one app share; it is kept at the root, where every scope finds it. */
export interface Installation {
  /** From the least to the most specific prefix. */
  readonly registrations: Registration[]
  readonly record: RouteRecord
}

interface Registration {
  /** The segments of the scope's prefix; none at the root. */
  readonly segments: readonly string[]
  readonly options: GivenOptions
}

/** Shared by the ES module and the CommonJS build, which may meet in one app. */
const kInstallation = Symbol.for('fastify-allowed-methods.installation')

export function installationOf (scope: FastifyInstance): Installation | undefined {
  return (scope as FastifyInstance & { [kInstallation]?: Installation })[kInstallation]
}

/** Makes an installation the one of an app. */
export function install (root: FastifyInstance, record: RouteRecord): Installation {
  const installation = { registrations: [], record }
  root.decorate(kInstallation, installation)
  return installation
}

/** The scope around all others, whose hooks every not-found lifecycle of the app runs. */
export function rootOf (scope: FastifyInstance): FastifyInstance {
  const outer: FastifyInstance | null = Object.getPrototypeOf(scope)
  return typeof outer?.prefix === 'string' ? rootOf(outer) : scope
}

/** Registers options for the prefix of a scope, in the place of those that were registered for it. */
export function setOptions ({ registrations }: Installation, scope: FastifyInstance, options: GivenOptions): void {
  const segments = segmentsOf(scope, scope.prefix)
  const at = registrations.findIndex(registration => registration.segments.join('/') === segments.join('/'))
  registrations.splice(at === -1 ? registrations.length : at, 1, { segments, options })
  registrations.sort((a, b) => rankOf(a).localeCompare(rankOf(b)))
}

/**
 * The options in force for a URL that was routed to a scope: the defaults, and what is registered for each prefix that
 * the scope or the URL lies in, the most specific last.
 *
 * The URL counts because Fastify answers what is not found in a prefixed scope outside it, unless the scope has a
 * not-found handler of its own.
 *
 * @returns undefined where nothing is registered for any such prefix
 */
export function settingsFor (scope: FastifyInstance, url: string): Settings | undefined {
  const { registrations } = installationOf(scope) as Installation
  const places = [segmentsOf(scope, scope.prefix.replaceAll('::', ':')), segmentsOf(scope, decode(routedPath(scope, url), decodeURI))]
  const fitting = registrations.filter(({ segments }) => places.some(place => isWithin(place, segments)))
  return fitting.length === 0 ? undefined : Object.assign({}, DEFAULTS, ...fitting.map(({ options }) => options))
}

function isWithin (place: readonly string[], segments: readonly string[]): boolean {
  return segments.every((segment, at) => segment === '' || isParameter(segment) ? at < place.length : segment.replaceAll('::', ':') === place[at])
}

/** A colon makes a parameter, two are a colon (https://fastify.dev/docs/latest/Reference/Routes/#url-building). */
function isParameter (segment: string): boolean {
  return segment.replaceAll('::', '').includes(':')
}

function segmentsOf (scope: FastifyInstance, path: string): string[] {
  return normalize(scope, path).split('/').slice(1)
}

/** Sorts as Fastify prefers prefixes: one with a static segment to one with a parameter in its place, and a longer one to a shorter. */
function rankOf ({ segments }: Registration): string {
  return segments.map(segment => isParameter(segment) ? 0 : 1).join('')
}
