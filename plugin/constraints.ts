import type { FastifyInstance } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { InvalidOptionError, ensure, isObject } from './errors.js'
import type { GivenOptions } from './options.js'
import { type MaybePromise, andThen, callOption } from './promise.js'
import type { Installation } from './scope.js'

/**
 * Keeps only the values of constraint strategies that the app uses.
 * The router must not be given any others: asked for a version, it finds no route in an app without versioned routes.
 */
export function constraintsInUse (app: FastifyInstance, values: ConstraintValues = {}): ConstraintValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => app.hasConstraintStrategy(name)))
}

/**
 * The constraint values of a request: version and host from the header fields that Fastify's router reads, and those that the option
 * `constraints` returns.
 *
 * @see https://fastify.dev/docs/latest/Reference/Routes/#constraints
 */
export function constraintsOf (
  { root }: Installation, request: AnyRequest, custom: GivenOptions['constraints']
): MaybePromise<ConstraintValues> {
  const { headers } = request.raw
  const builtIn = { version: headers['accept-version'], host: headers.host || headers[':authority'] }
  if (custom === undefined) return constraintsInUse(root, builtIn)
  return andThen(callOption('constraints', () => custom(request)), values => {
    ensure(isObject(values) && !Array.isArray(values), InvalidOptionError, "option 'constraints' must return an object", values)
    return constraintsInUse(root, { ...builtIn, ...values })
  })
}
