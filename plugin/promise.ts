import { InvalidOptionError, show } from './errors.js'

/** What depends on an option that may be async. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on with a value at once, or with a promise of it once it is there: what is synchronous stays synchronous. */
export function andThen<T, R> (value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Goes on with what a call gives, at once or once it is there; or with what goes wrong, in the call or from there. */
export function attempt<T, R> (call: () => T | PromiseLike<T>, next: (value: T) => R, fail: (error: unknown) => R): MaybePromise<R> {
  try {
    const value = call()
    return typeof Object(value).then === 'function' ? Promise.resolve(value).then(next).catch(fail) : next(value as T)
  } catch (error) {
    return fail(error)
  }
}

/**
 * Calls an option that is a function and may be async, with a promise or any thenable.
 *
 * @throws what it throws; `FST_ALLOWED_METHODS_INVALID_OPTION` where that is no error, since Fastify takes only errors for failures
 */
export function callOption<T> (name: string, call: () => T | PromiseLike<T>): MaybePromise<T> {
  return attempt(call, value => value, error => {
    throw error instanceof Error ? error : new InvalidOptionError(`option '${name}' must throw errors, threw ${show(error)}`)
  })
}
