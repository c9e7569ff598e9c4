import type { FastifyInstance } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { InvalidOptionError, ensure, isRecord } from './errors.js'
import type { Settings } from './options.js'
import { printRoutes } from './printed.js'
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
  { root }: Installation, request: AnyRequest, custom: Settings['constraints']
): MaybePromise<ConstraintValues> {
  const { headers } = request.raw
  const builtIn = { version: headers['accept-version'], host: headers.host || headers[':authority'] }
  if (custom === undefined) return constraintsInUse(root, builtIn)
  return andThen(callOption('constraints', () => custom(request)), values => {
    ensure(isRecord(values), InvalidOptionError, "option 'constraints' must return an object", values)
    return constraintsInUse(root, { ...builtIn, ...values })
  })
}

/**
 * The app's custom constraints, whose values only the option `constraints` can tell.
 *
 * A declared strategy that no route uses decides nothing, unless it must match whenever a request has a value:
 * NestJS declares `version` in every app.
 */
export function customConstraints ({ root, record }: Installation): string[] {
  const strategies = Object.entries(strategiesOf(root))
  const printed = strategies.length === 0 ? [] : printRoutes(root)
  const declared = strategies.filter(([name, { mustMatchWhenDerived }]) =>
    mustMatchWhenDerived || printed.some(([, drawing]) => drawing?.includes(`${JSON.stringify(name)}:`) ?? true))
  const recorded = [...record.constraintsByUrl.values()].flat().flatMap(Object.keys).filter(name => name !== 'version' && name !== 'host')
  return [...new Set([...declared.map(([name]) => name), ...recorded])]
}

/** The constraint strategies that the app was created with. */
export function strategiesOf ({ initialConfig }: FastifyInstance): Strategies {
  const config = initialConfig as { constraints?: Strategies, routerOptions?: { constraints?: Strategies } }
  return config.routerOptions?.constraints ?? config.constraints ?? {}
}

type Strategies = Record<string, {
  mustMatchWhenDerived?: boolean
  storage? (): { get (value: unknown): unknown, set (value: unknown, store: object): void }
}>
