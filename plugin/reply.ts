import type { FastifyReply } from 'fastify'
import { MethodNotAllowedError, NotFoundError, NotImplementedError } from './errors.js'
import type { GivenOptions, Settings } from './options.js'
import { toDetail, toMethodNotAllowed, toRefusal } from './problem.js'
import type { MaybePromise } from './promise.js'
import type { Finding } from './recent.js'

/**
 * Answers 405 with `Allow` and the problem body (RFC 9110 §15.5.6), and logs one line at level info, as Fastify does for a 404.
 *
 * An error goes to the app's error handler.
 *
 * @returns a promise if the option `problem` is async
 */
export function replyMethodNotAllowed (reply: FastifyReply, finding: Finding, settings: Settings): MaybePromise<void> {
  const { methods } = finding
  const allow = toAllow(methods)
  try {
    if (settings.throw) throw Object.assign(new MethodNotAllowedError(toDetail(methods)), { allow: [...methods], headers: { allow } })
    const body = toMethodNotAllowed(reply.request, finding, settings)
    if (typeof body === 'string') return replyProblem(reply.header('allow', allow), 405, body, 'not allowed')
    const isOvertaken = watch(reply)
    return body.then(body => { if (!isOvertaken()) replyProblem(reply.header('allow', allow), 405, body, 'not allowed') })
      .catch(error => { if (!isOvertaken()) reply.header('allow', allow).send(error) })
  } catch (error) {
    reply.header('allow', allow).send(error)
  }
}

/**
 * Makes Fastify wait for an answer after a hook or handler has returned the reply, and go no further if the client has left meanwhile.
 * Fastify by itself carries on as soon as the client disconnects, so that the handler of a route that is refused would run.
 *
 * @param later a promise if the answer waits for an async option
 */
export function holdUntil (later: MaybePromise<unknown>, reply: FastifyReply): void {
  const { then } = reply
  reply.then = (fulfilled, rejected) => {
    const carryOn = () => { reply.sent ? fulfilled() : setImmediate(stop, fulfilled) }
    Promise.resolve(later).then(() => then.call(reply, carryOn, rejected), rejected)
  }
  if (later instanceof Promise) later.catch(() => { reply.then = then })

  /** Comes after the request's own `close`, which aborts its signal: a reply that is hijacked no longer does. */
  function stop (fulfilled: () => void): void {
    if (!reply.sent) reply.hijack()
    fulfilled()
  }
}

/**
 * Watches a reply while the plugin waits for an option.
 *
 * @returns whether something else has answered meanwhile; what had begun before, such as an error handler after a timeout, does not count
 */
export function watch (reply: FastifyReply): () => boolean {
  const { raw } = reply
  const hadBegun = raw.headersSent
  const isTimedOut = watchTimeout(reply)
  return () => reply.sent || (raw.headersSent && !hadBegun) || isTimedOut()
}

/** @returns whether Fastify's `handlerTimeout` has begun to answer the request meanwhile; an `onSend` hook may still be delaying that answer */
export function watchTimeout ({ request }: FastifyReply): () => boolean {
  // Fastify has made the signal if there is a timeout. If not, the first to read it decides what it tells, and that must not be the plugin.
  const signal = request.routeOptions.handlerTimeout ? request.signal : undefined
  const wasAborted = signal?.aborted
  return () => !wasAborted && signal?.reason?.code === 'FST_ERR_HANDLER_TIMEOUT'
}

/** Answers OPTIONS with what the URL supports (RFC 9110 §9.3.7). */
export function replyOptions (reply: FastifyReply, methods: readonly string[]): void {
  reply.code(204).header('allow', toAllow([...methods, 'OPTIONS'].sort())).send()
}

/** Answers 404 or 501 with a problem body. */
export function replyRefusal (reply: FastifyReply, { throw: isThrown }: GivenOptions, status: 404 | 501): void {
  const problem = toRefusal(reply.request, status)
  if (isThrown) reply.send(new (status === 404 ? NotFoundError : NotImplementedError)(problem.detail))
  else replyProblem(reply, status, JSON.stringify(problem), problem.title.toLowerCase())
}

function replyProblem (reply: FastifyReply, status: number, body: string, outcome: string): void {
  const { request } = reply
  if (!isLogDisabled(reply)) request.log.info(`Route ${request.method}:${request.url} ${outcome}`)
  reply.code(status).header('content-type', 'application/problem+json').serializer(keepMediaType)
  try {
    reply.send(body)
  } catch (error) { // in an `onError` hook nothing can be sent
    reply.serializer(null as never)
    throw error
  }

  // Fastify adds no charset parameter if a reply has a serializer, and this media type has none (RFC 9457 §6.1).
  // The serializer is used once: if a later hook fails, what the app's error handler sends is serialized as usual.
  function keepMediaType (payload: unknown): string {
    reply.serializer(null as never)
    return payload as string
  }
}

/**
 * Joins methods into an `Allow` field value (RFC 9110 §10.2.1).
 *
 * @param methods upper-case method tokens, sorted; may be empty, which means that the resource allows none
 */
export function toAllow (methods: readonly string[]): string {
  let value = allowValues.get(methods)
  if (value === undefined) allowValues.set(methods, value = methods.join(', '))
  return value
}

/** By list of methods; URLs with the same methods share one list. */
const allowValues = new WeakMap<readonly string[], string>()

function isLogDisabled ({ request, server }: FastifyReply): boolean {
  const disabled = server.initialConfig.disableRequestLogging
  return typeof disabled === 'function' ? disabled(request) : disabled === true
}
