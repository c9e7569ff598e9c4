import { InvalidOptionError, show } from './errors.js'

/** What an option that may be async gives. */
export type MaybePromise<T> = T | PromiseLike<T>

/** Goes on with a value at once, or with a promise of it once it is there: what is synchronous stays synchronous. */
export function andThen<T, R> (value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromiseLike(value) ? value.then(next) : next(value)
}

export function isPromiseLike<T> (value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function'
}

/**
 * Calls an option that is a function and may be async.
 *
 * @throws what it throws; `FST_ALLOWED_METHODS_INVALID_OPTION` where that is no error, since Fastify takes only errors for failures
 */
export function callOption<T> (name: string, call: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const value = call()
    return isPromiseLike(value) ? Promise.resolve(value).catch(fail) : value
  } catch (error) {
    return fail(error)
  }

  function fail (error: unknown): never {
    throw error instanceof Error ? error : new InvalidOptionError(`option '${name}' must throw errors, threw ${show(error)}`)
  }
}
