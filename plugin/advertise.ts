import type { FastifyReply, FastifyRequest } from 'fastify'
import { attempt } from './promise.js'
import type { Finding } from './recent.js'
import { holdUntil, isTimedOut, toAllow } from './reply.js'
import { findMethods, withoutRefused } from './routed.js'
import { type Installation, settingsFor } from './scope.js'
import { routedUrl } from './target.js'

/** Whether the reply to a request still waits for an async option. */
const isPending = new WeakMap<FastifyRequest, boolean>()

/**
 * Makes the `onSend` hook that sets `Allow` on a routed response (RFC 9110 §10.2.1), unless it already has one or answers a CORS preflight.
 * If the app itself answers 405, the method that it refuses is left out.
 *
 * If an option throws, the error is logged and the response stays as it is. While a reply waits for an async option, a second one is dropped,
 * as Fastify drops one that comes after the first was sent. What its `handlerTimeout` sends is not dropped.
 *
 * @see https://fastify.dev/docs/latest/Reference/Hooks/#onsend
 */
export function advertiseAllow (installation: Installation) {
  return function advertiseAllow (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: () => void): Promise<void> | void {
    if (isPending.get(request) === true && !isTimedOut(reply)) return
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
    const isExempt = request.is404 || isPreflight || reply.hasHeader('allow') || isPending.has(request)
    const settings = isExempt ? undefined : settingsFor(installation, routedUrl(request))
    if (!settings?.advertise) return done()
    const later = attempt(() => findMethods(installation, request, settings), set, fail)
    if (later === undefined) return done()
    isPending.set(request, true)
    const settled = later.finally(() => isPending.set(request, false))
    holdUntil(settled, reply)
    return settled // Fastify continues once it settles, and handles what goes wrong from there

    function set ({ methods }: Finding): void {
      if (methods.length > 0) reply.header('allow', toAllow(reply.statusCode === 405 ? withoutRefused(methods, request.method) : methods))
    }

    function fail (error: unknown): void {
      request.log.error(error, 'fastify-allowed-methods: Allow is left out')
    }
  }
}
