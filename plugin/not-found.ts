import type { FastifyInstance, FastifyReply, preParsingHookHandler } from 'fastify'
import { isPromiseLike } from './promise.js'
import { replyMethodNotAllowed } from './reply.js'
import { methodsFor } from './routed.js'
import { type Registration, registrationOf, settingsFor } from './scope.js'

/**
 * The first step of a not-found lifecycle: where methods are routed at the URL it answers 405, else the app's own 404 goes on.
 *
 * It is a `preParsing` hook, so that the app's `onRequest` hooks have run and the body has not been read; and it calls back
 * rather than returning a promise, since Fastify would go on after one while an async `onSend` hook holds the reply.
 *
 * @see https://fastify.dev/docs/latest/Reference/Lifecycle/
 */
export function checkMethods (registration: Registration): preParsingHookHandler {
  return function answerMethodNotAllowed (request, reply, _payload, done) {
    if (!request.is404 || registrationOf(request.server)?.outermost !== registration) {
      done()
      return
    }
    const settings = settingsFor(request.server, request.raw.url as string)
    const methods = methodsFor(request, settings)
    if (isPromiseLike(methods)) {
      methods.then(answer).then(answered => answered || done(), done)
    } else if (!answer(methods)) {
      done()
    }

    function answer (methods: string[]): boolean {
      if (methods.length > 0) replyMethodNotAllowed(reply as FastifyReply, methods, settings)
      return methods.length > 0
    }
  }
}

/**
 * Gives a prefixed scope a not-found lifecycle of its own, with Fastify's default handler, where it has none.
 *
 * Without one, what is not found there is answered outside it, and neither its hooks nor those of this plugin run.
 *
 * @see https://fastify.dev/docs/latest/Reference/Server/#setnotfoundhandler
 */
export function ensureNotFoundLifecycle (scope: FastifyInstance): void {
  try {
    // @ts-expect-error -- Fastify's documentation gives this call, its types want a handler
    scope.setNotFoundHandler()
  } catch {
    // Fastify throws where the scope has a handler, which is all that is needed.
  }
}
