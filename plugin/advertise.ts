import type { FastifyReply, FastifyRequest } from 'fastify'
import { toAllow } from './reply.js'
import { methodsFor, withoutRefused } from './routed.js'
import { settingsFor } from './scope.js'

/** Requests for which an option is being asked: while it is, what `handlerTimeout` sends is not kept waiting too. */
const asking = new WeakSet<FastifyRequest>()

/**
 * An `onSend` hook: sets `Allow` on a routed response (RFC 9110 §10.2.1), unless it has one, or answers a CORS preflight. A 405 of the
 * app's own does not list the method that it refuses.
 *
 * An option that throws is logged, and leaves the response as it is.
 *
 * @see https://fastify.dev/docs/latest/Reference/Hooks/#onsend
 */
export function advertiseAllow (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: () => void): Promise<void> | void {
  const settings = request.is404 || reply.hasHeader('allow') || asking.has(request) ? undefined : settingsFor(request.server, request.raw.url as string)
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  if (settings?.advertise && !isPreflight) {
    try {
      const methods = methodsFor(request, settings)
      if (methods instanceof Promise) {
        asking.add(request)
        return methods.then(set).catch(fail) // Fastify goes on after it, and catches what goes wrong from there
      }
      set(methods)
    } catch (error) {
      fail(error)
    }
  }
  done()

  function set (methods: readonly string[]): void {
    if (methods.length > 0) reply.header('allow', toAllow(reply.statusCode === 405 ? withoutRefused(methods, request.method) : methods))
  }

  function fail (error: unknown): void {
    request.log.error(error, 'fastify-allowed-methods: Allow is left out')
  }
}
