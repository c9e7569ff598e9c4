import { inspect } from 'node:util'
import createError from '@fastify/error'

/**
 * An option does not exist, has the wrong type or does not fit the app; or a function given as an option returned something wrong, or threw
 * something that is not an error.
 */
export const InvalidOptionError = createError('FST_ALLOWED_METHODS_INVALID_OPTION', '%s')

/** A decorator, or a function of a subpath export, was called with a wrong argument, or for an app that it cannot serve. */
export const InvalidArgumentError = createError('FST_ALLOWED_METHODS_INVALID_ARGUMENT', '%s')

/** The body of a 405 does not satisfy its schema, has another status, or cannot be written as JSON. */
export const InvalidProblemError = createError('FST_ALLOWED_METHODS_INVALID_PROBLEM', '%s')

/** What the option `throw` hands to the app's error handler, in place of a 405, 404 or 501 reply. */
export const MethodNotAllowedError = createError('FST_ALLOWED_METHODS_METHOD_NOT_ALLOWED', '%s', 405)
export const NotFoundError = createError('FST_ALLOWED_METHODS_NOT_FOUND', '%s', 404)
export const NotImplementedError = createError('FST_ALLOWED_METHODS_NOT_IMPLEMENTED', '%s', 501)

/** Throws if a value is wrong. The message says what was expected, as a sentence, and shows the value. */
export function ensure (isRight: boolean, WrongError: new (message: string) => Error, expected: string, value: unknown): asserts isRight {
  if (!isRight) throw new WrongError(`${expected}, got ${show(value)}`)
}

/** Tells whether a value is an object, and not null. */
export function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Tells whether a value is an object that is read by its members: not an array, a Map, a promise or the like. */
export function isRecord (value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** Formats a value for an error message: on one line, and cut if it is long. */
export function show (value: unknown): string {
  const text = inspect(value, { depth: 0, customInspect: false }).replace(/\n\s*/g, ' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
