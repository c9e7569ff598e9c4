import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from '../types/options.js'
import { InvalidArgumentError, ensure } from './errors.js'
import { DEFAULT_SETTINGS, type GivenOptions, type Settings, toSettings } from './options.js'
import type { RecentFindings } from './recent.js'
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
  /** Lists of some of `methods`, by their places in it as bits; URLs with the same methods share one list. */
  readonly lists: Map<number, readonly string[]>
  /** What was found at URLs; set once all routes are known, if none has a version or host constraint: then nothing but the URL decides. */
  recent?: RecentFindings
  /** The handler in every match of a route of the app; set once one has been seen. */
  routeHandler?: Match['handler']
  /** Prefixes whose not-found handler the plugin has set. */
  readonly notFoundPrefixes: Set<string>
  /** Tells whether a request is one of `findWrongAnswers`, and lets that see it; set once that has been called. */
  noticeProbe?: (installation: Installation, request: AnyRequest) => boolean
}

/** What Fastify's router finds for a method and a URL. */
export type Match = NonNullable<ReturnType<FastifyInstance['findRoute']>>

interface Registration {
  readonly scope: FastifyInstance
  /** The scope's prefix as the router compares it, without a last slash; empty at the root. */
  readonly prefix: string
  /** The path of the prefix alone, with each parameter as one character. */
  readonly path: string
  /** Matches the paths within that prefix. The target `*`, which has no slash, is within that of the root. */
  readonly pattern: RegExp
  /** Sorts prefixes as Fastify prefers them: text over a parameter, more text before a parameter over less, and longer over shorter. */
  readonly rank: string
  readonly options: GivenOptions
  /** The options in force there: these, and those inherited from the registrations around it. */
  settings: Settings
}

/** Stands for a parameter of a prefix and the rest of its segment; it sorts before all text. */
const PARAMETER = '\x01'

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
    root: scope, registrations: [], record: recordRoutes(scope), lists: new Map(), notFoundPrefixes: new Set()
  }
  scope.decorate(kInstallation, installation)
  return installation
}

/** Registers the options of a scope, instead of any that were registered there before. */
export function setOptions ({ registrations, root }: Installation, scope: FastifyInstance, options: GivenOptions): void {
  const earlier = registrations.findIndex(registration => registration.scope === scope)
  if (earlier !== -1) registrations.splice(earlier, 1)
  const whole = normalize(root, scope.prefix)
  const [prefix, path] = [whole.replace(/\/$/, ''), withoutParameters(whole) || '/']
  const text = withoutParameters(prefix)
  const pattern = new RegExp(`^[^/]*${escape(text).replaceAll(PARAMETER, '[^/]*')}${whole === prefix ? '(/|$)' : '/'}`)
  const rank = `${text}/${whole === prefix ? '' : '\0'}`
  const at = registrations.findLastIndex(other => other.rank <= rank) + 1
  registrations.splice(at, 0, { scope, prefix, path, pattern, rank, options, settings: DEFAULT_SETTINGS })
  for (const registration of registrations) registration.settings = toSettings(...optionsOf(registration, registrations))
}

/** The options of a registration, preceded by those of the registrations around it. */
function optionsOf (inner: Registration, registrations: readonly Registration[]): GivenOptions[] {
  const outer = registrations.findLast(({ scope, prefix }) => prefix === inner.prefix
    ? Object.prototype.isPrototypeOf.call(scope, inner.scope)
    : inner.prefix.startsWith(`${prefix}/`))
  return outer === undefined ? [inner.options] : [...optionsOf(outer, registrations), inner.options]
}

/**
 * The options in force for a URL; undefined if no registration's prefix contains it. The URL decides, not the scope: unless a prefixed scope
 * has a not-found handler of its own, Fastify answers what is not found there outside that scope.
 */
export function settingsFor ({ registrations, root }: Installation, url: string): Settings | undefined {
  const last = registrations.at(-1)
  if (last?.prefix === '') return last.settings
  const path = normalize(root, decode(routedPath(root, url), decodeURI))
  const found = registrations.findLast(({ pattern }) => pattern.test(path))
  // A last parameter may be empty, but the path of a prefix is its own: `/` that of the root, not of `/:id`.
  const isEmpty = path.endsWith('/') && path.split('/').length === found?.path.split('/').length
  const own = isEmpty ? registrations.findLast(other => other.path + PARAMETER === found.path) : undefined
  return (own ?? found)?.settings
}

/** One colon starts a parameter, two stand for a literal colon (https://fastify.dev/docs/latest/Reference/Routes/#url-building). */
function withoutParameters (prefix: string): string {
  return prefix.replace(/::|:[^/]*/g, part => part === '::' ? ':' : PARAMETER)
}

/** A regular expression for a text. */
function escape (text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
