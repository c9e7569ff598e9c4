import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from '../types/options.js'
import { InvalidArgumentError, ensure } from './errors.js'
import { DEFAULTS, type GivenOptions, type Settings, toSettings } from './options.js'
import { RecentFindings } from './recent.js'
import { type RouteRecord, recordRoutes } from './record.js'
import { decode, normalize, routedPath } from './target.js'

/** What the registrations of one app share; it is kept at the root, where every scope finds it. */
export interface Installation {
  /** The scope around all others, whose hooks every not-found lifecycle of the app runs. */
  readonly root: FastifyInstance
  /** From the least to the most specific prefix. */
  readonly registrations: Registration[]
  readonly record: RouteRecord
  /** The methods that some route takes, once all routes are known. */
  methods?: readonly string[]
  /** Whether no route has a version or a host, once all routes are known. */
  isUnconstrained?: boolean
  /** Lists of these, by their places in it as bits: URLs with the same methods share one. */
  readonly lists: Map<number, readonly string[]>
  /** What was found at URLs where nothing else decides; filled once all routes are known. */
  readonly recent: RecentFindings
  /** The handler that every route of the app has in a match, once one was seen. */
  routeHandler?: Match['handler']
  /** Prefixes whose not-found handler is the plugin's. */
  readonly handled: Set<string>
  /** Tells a request of `findWrongAnswers` from others, once that was called. */
  probe?: (request: AnyRequest) => Probe | undefined
}

/** A request of `findWrongAnswers`: what is asked, and what Fastify made of it, once the plugin has seen it. */
export interface Probe { readonly method: string, readonly url: string, request?: AnyRequest }

/** What Fastify's router finds for a method and a URL. */
export type Match = NonNullable<ReturnType<FastifyInstance['findRoute']>>

interface Registration {
  /** The segments of the scope's prefix; none at the root. */
  readonly segments: readonly string[]
  readonly options: GivenOptions
  /** The options in force there: these, and those of the registrations around. */
  settings: Settings
}

/** Shared by the ES module and the CommonJS build, which may meet in one app. */
const kInstallation = Symbol.for('fastify-allowed-methods.installation')

export function installationOf (scope: FastifyInstance): Installation | undefined {
  return (scope as FastifyInstance & { [kInstallation]?: Installation })[kInstallation]
}

/** The installation of an app that has to have one, for the function that was called with the app. */
export function expectInstallation (app: FastifyInstance, caller: string): Installation {
  const installation = installationOf(Object(app))
  ensure(installation !== undefined, InvalidArgumentError, `${caller} takes an app that has registered fastify-allowed-methods`, app)
  return installation
}

/** Makes the installation of an app, from any of its scopes. */
export function install (scope: FastifyInstance): Installation {
  const outer: FastifyInstance | null = Object.getPrototypeOf(scope)
  if (typeof outer?.prefix === 'string') return install(outer)
  const installation = {
    root: scope, registrations: [], record: recordRoutes(scope), lists: new Map(), recent: new RecentFindings(), handled: new Set<string>()
  }
  scope.decorate(kInstallation, installation)
  return installation
}

/** Registers options for a prefix, in the place of those that were registered for it. */
export function setOptions ({ registrations, root }: Installation, prefix: string, options: GivenOptions): void {
  const segments = segmentsOf(root, prefix)
  const at = registrations.findIndex(registration => registration.segments.join('/') === segments.join('/'))
  if (at !== -1) registrations.splice(at, 1)
  registrations.push({ segments, options, settings: DEFAULTS })
  registrations.sort((a, b) => rankOf(a).localeCompare(rankOf(b)))
  for (const inner of registrations.filter(inner => startsWith(inner.segments, segments))) {
    inner.settings = toSettings(...registrations.filter(outer => startsWith(inner.segments, outer.segments)).map(({ options }) => options))
  }
}

/**
 * The options in force for a URL; undefined where nothing is registered for a prefix that it lies in. The URL decides, not the scope:
 * Fastify answers what is not found in a prefixed scope outside it, unless the scope has a not-found handler of its own.
 */
export function settingsFor ({ registrations, root }: Installation, url: string): Settings | undefined {
  const first = registrations[0]
  if (registrations.length === 1 && first?.segments.length === 0) return first.settings
  const place = segmentsOf(root, decode(routedPath(root, url), decodeURI))
  return registrations.findLast(({ segments }) => isWithin(place, segments))?.settings
}

function startsWith (segments: readonly string[], first: readonly string[]): boolean {
  return first.every((segment, at) => segment === segments[at])
}

function isWithin (place: readonly string[], segments: readonly string[]): boolean {
  return segments.every((segment, at) => (segment === '' && at === segments.length - 1) || isParameter(segment)
    ? place[at]?.startsWith(staticPart(segment))
    : staticPart(segment) === place[at])
}

/** A colon starts a parameter, two are a colon (https://fastify.dev/docs/latest/Reference/Routes/#url-building). */
function isParameter (segment: string): boolean {
  return segment.replaceAll('::', '').includes(':')
}

/** What stands in a segment before its first parameter. */
function staticPart (segment: string): string {
  return segment.replace(/(?<!:)(::)*:(?!:).*$/, '$1').replaceAll('::', ':')
}

function segmentsOf (app: FastifyInstance, path: string): string[] {
  return normalize(app, path).split('/').slice(1)
}

/** Sorts as Fastify prefers prefixes: one with a static segment to one with a parameter in its place, and a longer one to a shorter. */
function rankOf ({ segments }: Registration): string {
  return segments.map(segment => isParameter(segment) ? 0 : 1).join('')
}
