import { InvalidOptionError, show } from './errors.js'

/** A value that depends on an option, or a promise of it if the option is async. */
export type MaybePromise<T> = T | Promise<T>

/** Continues with a value at once, or when its promise resolves: what is synchronous stays synchronous. */
export function andThen<T, R> (value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** The result of a call, or a promise of it; if the call or its promise fails, what is made of the error. */
export function attempt<T> (call: () => T | PromiseLike<T>, fail: (error: unknown) => T): MaybePromise<T> {
  try {
    const value = call()
    return typeof Object(value).then === 'function' ? Promise.resolve(value).catch(fail) : value as T
  } catch (error) {
    return fail(error)
  }
}

/**
 * Calls an option that is a function, which may return a promise or any other thenable.
 *
 * @throws what the option throws; `FST_ALLOWED_METHODS_INVALID_OPTION` if that is not an error, because Fastify treats only errors as failures;
 *   its cause is what was thrown, such as an error of another realm
 */
export function callOption<T> (name: string, call: () => T | PromiseLike<T>): MaybePromise<T> {
  return attempt(call, error => {
    throw error instanceof Error ? error : new InvalidOptionError(`option '${name}' must throw errors, threw ${show(error)}`, { cause: error })
  })
}
