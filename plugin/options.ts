import { ValueErrorType } from '@sinclair/typebox/errors'
import { FastifyAllowedMethodsOptions, METHOD_NOT_ALLOWED_TYPE, optionsCheck } from '../types/options.js'
import { InvalidOptionError, show } from './errors.js'

/** Options that were checked; none of them is undefined. */
export type GivenOptions = { readonly [Name in keyof FastifyAllowedMethodsOptions]: NonNullable<FastifyAllowedMethodsOptions[Name]> }

/** The options with their defaults filled in. */
export type Settings = GivenOptions & Required<Pick<GivenOptions, keyof typeof DEFAULTS>>

/** What an option is where no registration gives it. */
export const DEFAULTS = { type: METHOD_NOT_ALLOWED_TYPE, catchAll: false }

/**
 * Checks the options of a registration. An option that is undefined is absent.
 *
 * `prefix`, `logLevel` and `logSerializers` are Fastify's own options of `register` and are left to it.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION`, naming the option, what was given and what is expected
 */
export function checkOptions (options: object): GivenOptions {
  const { prefix, logLevel, logSerializers, ...given } = options as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] === undefined) delete given[name]
  }
  const error = optionsCheck.Errors(given).First()
  if (error !== undefined) {
    const name = error.path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~') // a JSON Pointer
    throw new InvalidOptionError(error.type === ValueErrorType.ObjectAdditionalProperties
      ? `option '${name}' does not exist, got ${show(error.value)}; the options are ${Object.keys(FastifyAllowedMethodsOptions.properties).join(', ')}`
      : `option '${name}' must be ${error.schema.expected}, got ${show(error.value)}`)
  }
  return given
}
