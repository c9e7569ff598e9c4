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
  /** From the least to the most specific prefix; of those for one prefix, the last that was made is the last here. */
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
  readonly scope: FastifyInstance
  /** The segments of the scope's prefix, without the empty one after a last slash; none at the root. */
  readonly segments: readonly string[]
  /** How many segments the URLs within it have at least: with that empty one. */
  readonly length: number
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
  const installation: Installation = {
    root: scope, registrations: [], record: recordRoutes(scope), lists: new Map(), recent: new RecentFindings(), handled: new Set()
  }
  scope.decorate(kInstallation, installation)
  return installation
}

/** Registers the options of a scope, in the place of those that were registered there. */
export function setOptions ({ registrations, root }: Installation, scope: FastifyInstance, options: GivenOptions): void {
  const at = registrations.findIndex(registration => registration.scope === scope)
  if (at !== -1) registrations.splice(at, 1)
  const place = segmentsOf(root, scope.prefix)
  registrations.push({ scope, segments: place.at(-1) === '' ? place.slice(0, -1) : place, length: place.length, options, settings: DEFAULTS })
  registrations.sort((a, b) => rankOf(a).localeCompare(rankOf(b)) || a.length - b.length)
  for (const registration of registrations) registration.settings = toSettings(...optionsOf(registration, registrations))
}

/** The options of a registration, after those of the registrations around it. */
function optionsOf (inner: Registration, registrations: readonly Registration[]): GivenOptions[] {
  const outer = registrations.findLast(({ scope, segments }) => segments.every((segment, at) => segment === inner.segments[at]) &&
    (segments.length < inner.segments.length || Object.prototype.isPrototypeOf.call(scope, inner.scope)))
  return outer === undefined ? [inner.options] : [...optionsOf(outer, registrations), inner.options]
}

/**
 * The options in force for a URL; undefined where nothing is registered for a prefix that it lies in. The URL decides, not the scope:
 * Fastify answers what is not found in a prefixed scope outside it, unless the scope has a not-found handler of its own.
 */
export function settingsFor ({ registrations, root }: Installation, url: string): Settings | undefined {
  const last = registrations.at(-1)
  if (last?.segments.length === 0) return last.settings
  const place = segmentsOf(root, decode(routedPath(root, url), decodeURI))
  return registrations.findLast(registration => isWithin(place, registration))?.settings
}

function isWithin (place: readonly string[], { segments, length }: Registration): boolean {
  return place.length >= length && segments.every((segment, at) => {
    const start = staticPart(segment)
    return isParameter(segment) ? place[at]?.startsWith(start) : place[at] === start
  })
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

/** Sorts as Fastify prefers prefixes: a static segment to one with a parameter, of these the one with more before it, and longer prefixes to shorter. */
function rankOf ({ segments }: Registration): string {
  return segments.map(segment => (isParameter(segment) ? staticPart(segment).length : 9999).toString().padStart(4, '0')).join('')
}
