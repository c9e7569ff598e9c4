import type { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from '../types/options.js'
import { type GivenOptions, type Settings, toSettings } from './options.js'
import { RecentMethods } from './recent.js'
import type { RouteRecord } from './record.js'
import { decode, normalize, routedPath } from './target.js'

/** What the registrations of one app share; it is kept at the root, where every scope finds it. */
export interface Installation {
  /** From the least to the most specific prefix. */
  readonly registrations: Registration[]
  readonly record: RouteRecord
  /** The methods that some route takes, once all routes are known. */
  methods?: readonly string[]
  /** Lists of these, by their places in it as bits: URLs with the same methods share one. */
  readonly lists: Map<number, readonly string[]>
  /** The methods routed at URLs, without constraints or `catchAll`. */
  readonly recent: RecentMethods
  /** The handler that every route of the app has in a match, once one was seen. */
  routeHandler?: Match['handler']
  /** Prefixes whose not-found handler is the plugin's. */
  readonly handled: Set<string>
  /** Tells which request `findWrongAnswers` asks, once it was called. */
  asked?: AsyncLocalStorage<Asked>
}

export interface Asked {
  /** What Fastify made of it, once the plugin has seen it. */
  request?: AnyRequest
}

/** What Fastify's router finds for a method and a URL. */
export type Match = NonNullable<ReturnType<FastifyInstance['findRoute']>>

interface Registration {
  /** The segments of the scope's prefix; none at the root. */
  readonly segments: readonly string[]
  readonly options: GivenOptions
  /** The options in force there, once they were asked for. */
  settings?: Settings
}

/** Shared by the ES module and the CommonJS build, which may meet in one app. */
const kInstallation = Symbol.for('fastify-allowed-methods.installation')

export function installationOf (scope: FastifyInstance): Installation | undefined {
  return (scope as FastifyInstance & { [kInstallation]?: Installation })[kInstallation]
}

/** Makes an installation the one of an app. */
export function install (root: FastifyInstance, record: RouteRecord): Installation {
  const installation = { registrations: [], record, lists: new Map(), recent: new RecentMethods(), handled: new Set<string>() }
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
  for (const registration of registrations) delete registration.settings
  const at = registrations.findIndex(registration => registration.segments.join('/') === segments.join('/'))
  if (at !== -1) registrations.splice(at, 1)
  registrations.push({ segments, options })
  registrations.sort((a, b) => rankOf(a).localeCompare(rankOf(b)))
}

/**
 * The options in force for a URL; undefined where nothing is registered for a prefix that it lies in. The URL decides, not the scope:
 * Fastify answers what is not found in a prefixed scope outside it, unless the scope has a not-found handler of its own.
 */
export function settingsFor (app: FastifyInstance, url: string): Settings | undefined {
  const { registrations } = installationOf(app) as Installation
  const first = registrations[0]
  if (registrations.length === 1 && first?.segments.length === 0) return settingsOf(first, registrations)
  const place = segmentsOf(app, decode(routedPath(app, url), decodeURI))
  const nearest = registrations.findLast(({ segments }) => isWithin(place, segments))
  return nearest === undefined ? undefined : settingsOf(nearest, registrations)
}

/** The options in force where a registration is the nearest. */
export function settingsOf (nearest: Registration, registrations: readonly Registration[]): Settings {
  if (nearest.settings === undefined) {
    const around = registrations.filter(({ segments }) => segments.every((segment, at) => segment === nearest.segments[at]))
    nearest.settings = toSettings(...around.map(({ options }) => options))
  }
  return nearest.settings
}

function isWithin (place: readonly string[], segments: readonly string[]): boolean {
  return segments.every((segment, at) => segment === '' || isParameter(segment)
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
