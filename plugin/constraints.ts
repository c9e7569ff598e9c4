import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ConstraintValues, FastifyAllowedMethodsOptions } from '../types/options.js'
import { InvalidOptionError, show } from './errors.js'
import { type MaybePromise, andThen } from './promise.js'

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
 * @throws what the option throws; `FST_ALLOWED_METHODS_INVALID_OPTION` where it does not return an object
 * @see https://fastify.dev/docs/latest/Reference/Routes/#constraints
 */
export function constraintsOf (
  request: FastifyRequest, custom: FastifyAllowedMethodsOptions['constraints']
): MaybePromise<ConstraintValues | undefined> {
  const { headers } = request.raw
  const builtIn = { version: headers['accept-version'], host: headers.host || headers[':authority'] }
  if (custom === undefined) return constraintsInUse(request.server, builtIn)
  return andThen(custom(request), values => {
    if (typeof values !== 'object' || values === null) {
      throw new InvalidOptionError(`option 'constraints' must return an object, got ${show(values)}`)
    }
    return constraintsInUse(request.server, { ...builtIn, ...values })
  })
}

/**
 * Warns, once the app is ready, that it constrains routes by a custom strategy while the option `constraints` is missing:
 * what such a route takes would be left out of `Allow`.
 *
 * @param recorded names of the constraints of recorded routes
 */
export function warnOfUnknownConstraints (app: FastifyInstance, recorded: ReadonlySet<string>): void {
  const config = app.initialConfig as { constraints?: object, routerOptions?: { constraints?: object } }
  const declared = Object.keys(config.routerOptions?.constraints ?? config.constraints ?? {})
  const custom = new Set([...declared, ...[...recorded].filter(name => name !== 'version' && name !== 'host')])
  if (custom.size === 0) return
  app.log.warn(`fastify-allowed-methods: routes are constrained by ${[...custom].join(', ')}, which only the app can tell; ` +
    "give the option 'constraints', or Allow leaves such routes out")
}
