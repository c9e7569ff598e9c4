import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AnyRequest } from '../types/options.js'
import { InvalidOptionError } from './errors.js'
import { type GivenOptions, type Settings, toSettings } from './options.js'
import { replyMethodNotAllowed, replyNotFound, replyNotImplemented, replyOptions } from './reply.js'
import { methodsFor, methodsInUse } from './routed.js'
import { type Asked, type Installation, installationOf, rootOf, settingsFor } from './scope.js'

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
export function answerMethodNotAllowed (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: Done): void {
  const { asked } = installationOf(request.server) as Installation
  if (asked !== undefined && mayNotPass(asked.getStore(), request, reply)) return
  const settings = request.is404 ? settingsFor(request.server, request.raw.url as string) : undefined
  if (settings === undefined) done()
  else answerMiss(request, reply, settings, done)
}

type Done = (error?: Error) => void

/** Apart from the hook, so that a matched request allocates none of what this needs. */
function answerMiss (request: FastifyRequest, reply: FastifyReply, settings: Settings, done: Done): void {
  if (settings.notImplemented && !isImplemented(request, settings)) {
    replyNotImplemented(reply, settings)
    return
  }
  const methods = methodsFor(request, settings)
  if (methods instanceof Promise) {
    methods.then(answer).then(answered => answered || done(), done)
  } else if (!answer(methods)) {
    done()
  }

  function answer (methods: readonly string[]): boolean {
    if (methods.length === 0) return false
    if (reply.sent) return true
    if (request.method === 'OPTIONS' && settings.answerOptions) replyOptions(reply, methods)
    else replyMethodNotAllowed(reply, methods, settings)
    return true
  }
}

/** Shows the request to `findWrongAnswers`, which has asked; one that is routed gets no further, so that no handler is called. */
function mayNotPass (asked: Asked | undefined, request: FastifyRequest, reply: FastifyReply): boolean {
  if (asked === undefined) return false
  asked.request = request
  if (!request.is404) reply.code(500).send('routed')
  return !request.is404
}

/** Tells whether the service supports a method at all; it must support GET and HEAD (RFC 9110 §9.1). */
export function isImplemented ({ method, server }: AnyRequest, { answerOptions }: Settings): boolean {
  return method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && answerOptions) || methodsInUse(server).includes(method)
}

/**
 * Sets the not-found handler that the option `notFound` asks for, once for a prefix; without one, at the root, whose hooks run for it as ever.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION` where the app has one of its own
 */
export function setNotFoundHandler (scope: FastifyInstance, given: GivenOptions): void {
  const { handled } = installationOf(scope) as Installation
  if (handled.has(scope.prefix)) return
  handled.add(scope.prefix)
  try {
    (scope.prefix === '' ? rootOf(scope) : scope).setNotFoundHandler(function answerNotFound (request: FastifyRequest, reply: FastifyReply) {
      // A prefix takes URLs that Fastify spells otherwise than a router option says, such as `%2F1` for `/:id`.
      replyNotFound(reply, settingsFor(request.server, request.raw.url as string) ?? toSettings(given))
    })
  } catch (error) {
    throw new InvalidOptionError("option 'notFound' must be false where the app has a not-found handler of its own, got true; " +
      `leave out the one or the other (${(error as Error).message})`)
  }
}
