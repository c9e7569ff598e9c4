import type { FastifyReply, FastifyRequest } from 'fastify'
import { isPromiseLike } from './promise.js'
import { toAllow } from './reply.js'
import { methodsFor, withoutRefused } from './routed.js'
import { settingsFor } from './scope.js'

/**
 * An `onSend` hook: sets `Allow` on a routed response (RFC 9110 §10.2.1), unless it has one. A 405 of the app's own does not list
 * the method that it refuses.
 *
 * An option that throws is logged, and leaves the response as it is.
 */
export function advertiseAllow (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: () => void): void {
  const settings = request.is404 || reply.hasHeader('allow') ? undefined : settingsFor(request.server, request.raw.url as string)
  if (!settings?.advertise) {
    done()
    return
  }
  try {
    const methods = methodsFor(request, settings)
    if (isPromiseLike(methods)) {
      methods.then(set).then(() => done(), fail)
    } else {
      set(methods)
      done()
    }
  } catch (error) {
    fail(error)
  }

  function set (methods: readonly string[]): void {
    if (methods.length > 0) reply.header('allow', toAllow(reply.statusCode === 405 ? withoutRefused(methods, request.method) : methods))
  }

  function fail (error: unknown): void {
    request.log.error(error, 'fastify-allowed-methods: Allow is left out')
    done()
  }
}
