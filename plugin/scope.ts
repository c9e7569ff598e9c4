import type { FastifyInstance } from 'fastify'
import type { Settings } from './options.js'
import { pathOf } from './target.js'

/** One registration: the options in force in a scope. */
export interface Registration {
  readonly prefix: string
  settings: Settings
  /** The outermost registration around this one, whose hook answers for both. */
  readonly outermost: Registration
  /** Registrations in prefixed scopes within this one, which override its options there. */
  readonly inner: Registration[]
}

/** Shared by the ES module and the CommonJS build, which may meet in one app. */
const kRegistration = Symbol.for('fastify-allowed-methods.registration')

/** The registration of a scope, or that of the nearest scope around it. */
export function registrationOf (scope: FastifyInstance): Registration | undefined {
  return (scope as FastifyInstance & { [kRegistration]?: Registration })[kRegistration]
}

/** Makes a registration the one of a scope and of the scopes within it. */
export function setRegistration (scope: FastifyInstance, settings: Settings): Registration {
  const outer = registrationOf(scope)
  const inner: Registration[] = []
  const registration: Registration = {
    prefix: scope.prefix, settings, inner, get outermost () { return outer?.outermost ?? registration }
  }
  outer?.inner.unshift(registration)
  scope.decorate(kRegistration, registration)
  return registration
}

/**
 * The options in force for a request, or for a URL asked from a scope.
 *
 * A not-found handler set outside a prefixed scope also takes what is not found inside it, in the outer scope;
 * so among the registrations within that scope, the URL says which one it is for.
 */
export function settingsFor (scope: FastifyInstance, url: string): Settings {
  const registration = registrationOf(scope) as Registration
  return registration.inner.length === 0 ? registration.settings : innermost(registration, decode(pathOf(url)).split('/')).settings
}

function innermost (registration: Registration, segments: readonly string[]): Registration {
  const inner = registration.inner.find(({ prefix }) => isUnder(segments, prefix))
  return inner === undefined ? registration : innermost(inner, segments)
}

/**
 * The outermost scope that has the same prefix. Its not-found lifecycle takes what is not found in all of them,
 * so a registration in one of them is a registration in all.
 */
export function outermostOfPrefix (app: FastifyInstance): FastifyInstance {
  const outer: FastifyInstance | null = Object.getPrototypeOf(app)
  return outer?.prefix === app.prefix ? outermostOfPrefix(outer) : app
}

function isUnder (segments: readonly string[], prefix: string): boolean {
  return prefix.replace(/\/$/, '').split('/').every((expected, at) => expected.includes(':') ? segments[at] : segments[at] === expected)
}

function decode (path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
