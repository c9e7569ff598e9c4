/** What an option that may be async gives. */
export type MaybePromise<T> = T | PromiseLike<T>

/** Goes on with a value at once, or with a promise of it once it is there: what is synchronous stays synchronous. */
export function andThen<T, R> (value: MaybePromise<T>, next: (value: T) => R): R | Promise<R> {
  return isPromiseLike(value) ? Promise.resolve(value).then(next) : next(value)
}

export function isPromiseLike<T> (value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function'
}
