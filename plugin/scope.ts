import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from '../types/options.js'
import { InvalidArgumentError, ensure } from './errors.js'
import { DEFAULT_SETTINGS, type GivenOptions, type Settings, toSettings } from './options.js'
import { RecentFindings } from './recent.js'
import { type RouteRecord, recordRoutes } from './record.js'
import { decode, normalize, routedPath } from './target.js'

/** What the registrations of one app share; it is kept at the root, where every scope finds it. */
export interface Installation {
  /** The outermost scope, whose hooks run in every not-found lifecycle of the app. */
  readonly root: FastifyInstance
  /** From the least to the most specific prefix; those for the same prefix, in the order in which they were made. */
  readonly registrations: Registration[]
  readonly record: RouteRecord
  /** The methods that some route takes; set once all routes are known. */
  methods?: readonly string[]
  /** Whether no route has a version or host constraint; set once all routes are known. */
  isUnconstrained?: boolean
  /** Lists of some of `methods`, by their places in it as bits; URLs with the same methods share one list. */
  readonly lists: Map<number, readonly string[]>
  /** What was found at URLs where nothing but the URL decides; filled once all routes are known. */
  readonly recent: RecentFindings
  /** The handler in every match of a route of the app; set once one has been seen. */
  routeHandler?: Match['handler']
  /** Prefixes whose not-found handler the plugin has set. */
  readonly notFoundPrefixes: Set<string>
  /** Recognizes a request of `findWrongAnswers`; set once that has been called. */
  probe?: (request: AnyRequest) => Probe | undefined
}

/** A request of `findWrongAnswers`: its method and URL, and Fastify's object for it once the plugin has seen it. */
export interface Probe { readonly method: string, readonly url: string, request?: AnyRequest }

/** What Fastify's router finds for a method and a URL. */
export type Match = NonNullable<ReturnType<FastifyInstance['findRoute']>>

interface Registration {
  readonly scope: FastifyInstance
  /** The segments of the scope's prefix, without the empty one after a trailing slash; none at the root. */
  readonly segments: readonly string[]
  /** How many segments a URL within it has at least; this counts the empty one. */
  readonly length: number
  readonly options: GivenOptions
  /** The options in force there: these, and those inherited from the registrations around it. */
  settings: Settings
}

/** Shared by the ES module and the CommonJS build, since one app may load both. */
const kInstallation = Symbol.for('fastify-allowed-methods.installation')

export function installationOf (scope: FastifyInstance): Installation | undefined {
  return (scope as FastifyInstance & { [kInstallation]?: Installation })[kInstallation]
}

/** The installation of an app, which must have one; if not, the error names the caller. */
export function expectInstallation (app: FastifyInstance, caller: string): Installation {
  const installation = installationOf(Object(app))
  ensure(installation !== undefined, InvalidArgumentError, `${caller} takes an app that has registered fastify-allowed-methods`, app)
  return installation
}

/** Creates the installation of an app, from any of its scopes. */
export function install (scope: FastifyInstance): Installation {
  const outer: FastifyInstance | null = Object.getPrototypeOf(scope)
  if (typeof outer?.prefix === 'string') return install(outer)
  const installation: Installation = {
    root: scope, registrations: [], record: recordRoutes(scope), lists: new Map(), recent: new RecentFindings(), notFoundPrefixes: new Set()
  }
  scope.decorate(kInstallation, installation)
  return installation
}

/** Registers the options of a scope, instead of any that were registered there before. */
export function setOptions ({ registrations, root }: Installation, scope: FastifyInstance, options: GivenOptions): void {
  const at = registrations.findIndex(registration => registration.scope === scope)
  if (at !== -1) registrations.splice(at, 1)
  const all = segmentsOf(root, scope.prefix)
  registrations.push({ scope, segments: all.at(-1) === '' ? all.slice(0, -1) : all, length: all.length, options, settings: DEFAULT_SETTINGS })
  registrations.sort((a, b) => rankOf(a).localeCompare(rankOf(b)) || a.length - b.length)
  for (const registration of registrations) registration.settings = toSettings(...optionsOf(registration, registrations))
}

/** The options of a registration, preceded by those of the registrations around it. */
function optionsOf (inner: Registration, registrations: readonly Registration[]): GivenOptions[] {
  const outer = registrations.findLast(({ scope, segments }) => segments.every((segment, at) => segment === inner.segments[at]) &&
    (segments.length < inner.segments.length || Object.prototype.isPrototypeOf.call(scope, inner.scope)))
  return outer === undefined ? [inner.options] : [...optionsOf(outer, registrations), inner.options]
}

/**
 * The options in force for a URL; undefined if no registration's prefix contains it. The URL decides, not the scope: unless a prefixed scope
 * has a not-found handler of its own, Fastify answers what is not found there outside that scope.
 */
export function settingsFor ({ registrations, root }: Installation, url: string): Settings | undefined {
  const last = registrations.at(-1)
  if (last?.segments.length === 0) return last.settings
  const path = segmentsOf(root, decode(routedPath(root, url), decodeURI))
  return registrations.findLast(registration => isWithin(path, registration))?.settings
}

function isWithin (path: readonly string[], { segments, length }: Registration): boolean {
  return path.length >= length && segments.every((segment, at) => {
    const start = staticPart(segment)
    return isParameter(segment) ? path[at]?.startsWith(start) : path[at] === start
  })
}

/** One colon starts a parameter, two stand for a literal colon (https://fastify.dev/docs/latest/Reference/Routes/#url-building). */
function isParameter (segment: string): boolean {
  return segment.replaceAll('::', '').includes(':')
}

/** The text of a segment before its first parameter. */
function staticPart (segment: string): string {
  return segment.replace(/(?<!:)(::)*:(?!:).*$/, '$1').replaceAll('::', ':')
}

function segmentsOf (app: FastifyInstance, path: string): string[] {
  return normalize(app, path).split('/').slice(1)
}

/**
 * Sorts prefixes by how Fastify prefers them: a static segment over one with a parameter, more text before the parameter over less,
 * and a longer prefix over a shorter one.
 */
function rankOf ({ segments }: Registration): string {
  return segments.map(segment => (isParameter(segment) ? staticPart(segment).length : 9999).toString().padStart(4, '0')).join('')
}
