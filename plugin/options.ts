import { FormatRegistry, type TObject, TypeGuard } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { FastifyAllowedMethodsOptions, optionsCheck } from '../types/options.js'
import { MethodNotAllowedProblem, problemCheck } from '../types/problem.js'
import { InvalidOptionError, ensure, isObject, show } from './errors.js'

/** The checked options of a registration; none is undefined. */
export type GivenOptions = { readonly [Name in keyof FastifyAllowedMethodsOptions]: NonNullable<FastifyAllowedMethodsOptions<TObject>[Name]> } & {
  /** The schema, compiled once. */
  readonly check?: TypeCheck<TObject>
  /** Removes from a body what a schema does not declare. */
  readonly clean?: (schema: TObject, body: unknown) => unknown
}

/** The options with their defaults filled in. */
export type Settings = GivenOptions & Required<Pick<GivenOptions, keyof typeof DEFAULT_OPTIONS>> & {
  /** The default body before and after its `instance`, by the list of methods. */
  readonly frames: WeakMap<readonly string[], readonly [before: string, after: string]>
}

/** The values of options that no registration gives. `notFound` needs none: it applies only to the registration that gives it. */
const DEFAULT_OPTIONS = {
  type: 'https://httpwg.org/specs/rfc9110.html#status.405',
  schema: MethodNotAllowedProblem as TObject,
  check: problemCheck as TypeCheck<TObject>,
  clean: (_schema: TObject, body: unknown) => body,
  throw: false,
  catchAll: false,
  answerOptions: false,
  notImplemented: false,
  advertise: false
}

/** Fills in the defaults. If several give the same option, the last one counts. */
export function toSettings (...given: readonly GivenOptions[]): Settings {
  return Object.assign({ frames: new WeakMap() }, DEFAULT_OPTIONS, ...given)
}

/** The options in force where nothing is registered. */
export const DEFAULT_SETTINGS = toSettings()

const NAMES = Object.keys(FastifyAllowedMethodsOptions.properties)

/**
 * Checks the options of a registration, and prepares what they need. An option that is undefined counts as absent.
 *
 * `prefix`, `logLevel` and `logSerializers` belong to Fastify's `register` and are left to it.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION`, naming the option, what was given and what is expected
 */
export async function checkOptions (options: Record<string, unknown>): Promise<GivenOptions> {
  ensure(isObject(options) && !('then' in options), InvalidOptionError, 'options must be an object', options)
  const { prefix, logLevel, logSerializers, ...others } = options
  const unknown = Object.keys(others).find(name => !NAMES.includes(name) && others[name] !== undefined)
  if (unknown !== undefined) {
    throw new InvalidOptionError(`option '${unknown}' does not exist, got ${show(others[unknown])}; the options are ${NAMES.join(', ')}`)
  }
  const all = NAMES.map(name => [name, options[name]]) // an object of a class may inherit them
  const given = Object.fromEntries(all.filter(([, value]) => value !== undefined))
  const error = optionsCheck.Errors(given).First()
  if (error !== undefined) throw new InvalidOptionError(`option '${error.path.slice(1)}' must be ${error.schema.expected}, got ${show(error.value)}`)
  if (given.schema !== undefined) given.check = compile(given.schema)
  if (given.schema === undefined && given.problem === undefined) return given
  const { Value } = await import('@sinclair/typebox/value') // only for bodies of the app's own: it takes 0.3 MB of heap, and time to load
  return { ...given, clean: Value.Clean }
}

/** Compiles the option `schema`, and refuses one that no 405 could satisfy. */
function compile (schema: unknown): TypeCheck<TObject> {
  ensure(TypeGuard.IsObject(schema), InvalidOptionError, "option 'schema' must be an object schema of @sinclair/typebox (typebox is another package), with patterns that compile", schema)
  const format = formatsOf(schema).find(format => !FormatRegistry.Has(format))
  if (format !== undefined) {
    throw new InvalidOptionError(`option 'schema' must have formats that TypeBox knows, got '${format}'; FormatRegistry.Set makes it known, ` +
      'of the TypeBox that the plugin loads: both by import, or both by require')
  }
  try {
    const { status } = schema.properties
    if (status !== undefined && TypeCompiler.Compile(status).Check(405)) return TypeCompiler.Compile(schema)
  } catch (error) {
    const { message, schema: part = schema } = error as Error & { schema?: unknown } // the part that TypeBox does not know
    throw new InvalidOptionError(`option 'schema' must be one that TypeBox can compile by itself: ${message}, got ${show(part)}`)
  }
  throw new InvalidOptionError(`option 'schema' must have a member 'status' that can be 405, got ${show(schema.properties.status)}`)
}

/**
 * The formats of the strings in a schema. A string whose format is not registered never passes TypeBox's check.
 *
 * @param defs the definitions of a `Type.Module` around it, of which only those that are referred to count
 */
function formatsOf (schema: object, defs: Record<string, unknown> = {}, seen = new Set<object>()): string[] {
  if (seen.has(schema)) return []
  seen.add(schema)
  const own = TypeGuard.IsString(schema) && schema.format !== undefined ? [schema.format] : []
  const isImport = TypeGuard.IsImport(schema)
  const known = isImport ? schema.$defs as typeof defs : defs
  const parts = isImport ? [] : Object.values(schema)
  if (isImport || TypeGuard.IsRef(schema)) parts.push(known[schema.$ref])
  return [...own, ...parts.filter(isObject).flatMap(part => formatsOf(part, known, seen))]
}
