import type { FastifyInstance } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { InvalidOptionError, show } from './errors.js'
import type { GivenOptions } from './options.js'
import { printRoutes } from './printed.js'
import { type MaybePromise, andThen, isPromiseLike } from './promise.js'

/**
 * Leaves the values of the constraint strategies that the app uses. The router wants no others:
 * asked with a version, it finds no route in an app that has no versioned routes.
 *
 * @returns the values by strategy name; undefined where none is in use
 */
export function constraintsInUse (app: FastifyInstance, values: ConstraintValues): ConstraintValues | undefined {
  const inUse = Object.entries(values).filter(([name]) => app.hasConstraintStrategy(name))
  return inUse.length === 0 ? undefined : Object.fromEntries(inUse)
}

/**
 * The constraint values of a request: version and host from the header fields that Fastify's router reads, the others from the option `constraints`.
 *
 * @returns the values of the strategies in use, or a promise of them where the option is async
 * @throws what the option throws; `FST_ALLOWED_METHODS_INVALID_OPTION` where that is no error, or where it does not return an object
 * @see https://fastify.dev/docs/latest/Reference/Routes/#constraints
 */
export function constraintsOf (request: AnyRequest, custom: GivenOptions['constraints']): MaybePromise<ConstraintValues | undefined> {
  const { headers } = request.raw
  const builtIn = { version: headers['accept-version'], host: headers.host || headers[':authority'] }
  if (custom === undefined) return constraintsInUse(request.server, builtIn)
  return andThen(attempt(custom, request), values => {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new InvalidOptionError(`option 'constraints' must return an object, got ${show(values)}`)
    }
    return constraintsInUse(request.server, { ...builtIn, ...values })
  })
}

/** Asks the option. Fastify takes what is thrown for a failure only where it is an error. */
function attempt (custom: NonNullable<GivenOptions['constraints']>, request: AnyRequest): MaybePromise<object> {
  try {
    const values = custom(request)
    return isPromiseLike(values) ? Promise.resolve(values).catch(fail) : values
  } catch (error) {
    return fail(error)
  }
}

function fail (error: unknown): never {
  throw error instanceof Error ? error : new InvalidOptionError(`option 'constraints' must throw errors, threw ${show(error)}`)
}

/**
 * Warns that the app has custom constraints, while the option `constraints` is missing:
 * what routes under such a constraint take would be left out of `Allow`.
 *
 * A declared strategy that no route uses decides nothing, unless it must match whenever a request has a value:
 * NestJS declares `version` in every app.
 *
 * @param recorded names of the constraints of recorded routes
 */
export function warnOfUnknownConstraints (app: FastifyInstance, recorded: ReadonlySet<string>): void {
  type Strategies = Record<string, { mustMatchWhenDerived?: boolean }>
  const config = app.initialConfig as { constraints?: Strategies, routerOptions?: { constraints?: Strategies } }
  const strategies = Object.entries(config.routerOptions?.constraints ?? config.constraints ?? {})
  const printed = strategies.length === 0 ? '' : printRoutes(app)
  const declared = strategies.filter(([name, { mustMatchWhenDerived }]) =>
    mustMatchWhenDerived || printed === undefined || printed.includes(`${JSON.stringify(name)}:`))
  const custom = new Set([...declared.map(([name]) => name), ...[...recorded].filter(name => name !== 'version' && name !== 'host')])
  if (custom.size === 0) return
  app.log.warn(`fastify-allowed-methods: only the app knows the values of its custom constraints (${[...custom].join(', ')}); ` +
    "give the option 'constraints', or Allow leaves out what routes under them take")
}
