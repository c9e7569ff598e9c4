import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Settings } from './options.js'
import { isPromiseLike } from './promise.js'
import { replyMethodNotAllowed } from './reply.js'
import { methodsFor } from './routed.js'
import { settingsFor } from './scope.js'

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
  const methods = methodsFor(request, settings)
  if (isPromiseLike(methods)) {
    methods.then(answer).then(answered => answered || done(), done)
  } else if (!answer(methods)) {
    done()
  }

  /** A method that the router did not take stays a 404, though the option `constraints` may give values that say it would. */
  function answer (methods: string[]): boolean {
    if (methods.length === 0 || methods.includes(request.method)) return false
    if (!reply.sent) replyMethodNotAllowed(reply, methods, settings as Settings)
    return true
  }
}
