import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AnyRequest } from '../types/options.js'
import { InvalidOptionError } from './errors.js'
import { DEFAULTS, type GivenOptions, type Settings } from './options.js'
import { isPromiseLike } from './promise.js'
import { replyMethodNotAllowed, replyNotFound, replyNotImplemented, replyOptions } from './reply.js'
import { methodsFor, methodsInUse } from './routed.js'
import { installationOf, settingsFor } from './scope.js'

/**
 * A step of every not-found lifecycle: where methods are routed at the URL it answers 405, else the app's own 404 goes on.
 *
 * Every app has such a lifecycle, since Fastify sets its default with `setNotFoundHandler()`; this leaves each as it is.
 *
 * It is a `preParsing` hook, so that the app's `onRequest` hooks have run and the body has not been read; and it calls back
 * rather than returning a promise, since Fastify would go on after one while an async `onSend` hook holds the reply.
 *
 * @see https://fastify.dev/docs/latest/Reference/Lifecycle/
 */
export function answerMethodNotAllowed (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: (error?: Error) => void): void {
  const settings = request.is404 ? settingsFor(request.server, request.raw.url as string) : undefined
  if (settings === undefined) {
    done()
    return
  }
  installationOf(request.server)?.observe?.(request)
  if (settings.notImplemented && !isImplemented(request, settings)) {
    replyNotImplemented(reply, settings)
    return
  }
  const methods = methodsFor(request, settings)
  if (isPromiseLike(methods)) {
    methods.then(answer).then(answered => answered || done(), done)
  } else if (!answer(methods)) {
    done()
  }

  function answer (methods: readonly string[]): boolean {
    if (methods.length === 0) return false
    if (reply.sent) return true
    if (request.method === 'OPTIONS' && settings?.answerOptions) replyOptions(reply, methods)
    else replyMethodNotAllowed(reply, methods, settings as Settings)
    return true
  }
}

/** Tells whether the service supports a method at all; it must support GET and HEAD (RFC 9110 §9.1). */
export function isImplemented ({ method, server }: AnyRequest, { answerOptions }: Settings): boolean {
  return method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && answerOptions) || methodsInUse(server).includes(method)
}

/**
 * Sets the not-found handler that the option `notFound` asks for.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION` where the app has one of its own
 */
export function setNotFoundHandler (scope: FastifyInstance, given: GivenOptions): void {
  try {
    scope.setNotFoundHandler(function answerNotFound (request: FastifyRequest, reply: FastifyReply) {
      // A prefix takes URLs that Fastify spells otherwise than a router option says, such as `%2F1` for `/:id`.
      replyNotFound(reply, settingsFor(request.server, request.raw.url as string) ?? { ...DEFAULTS, ...given })
    })
  } catch (error) {
    throw new InvalidOptionError("option 'notFound' must be false where the app has a not-found handler of its own, got true; " +
      `leave out the one or the other (${(error as Error).message})`)
  }
}
