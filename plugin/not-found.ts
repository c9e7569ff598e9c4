import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { InvalidOptionError } from './errors.js'
import { type GivenOptions, type Settings, toSettings } from './options.js'
import { replyMethodNotAllowed, replyOptions, replyRefusal } from './reply.js'
import { isImplemented, methodsFor } from './routed.js'
import { type Installation, installationOf, rootOf, settingsFor } from './scope.js'

/**
 * Where no route takes the request and other methods are routed at its URL, answers 405; else what Fastify was about goes on,
 * be it a route's lifecycle or that of a not-found handler, which Fastify has for every app.
 *
 * It is a `preParsing` hook, so that the app's `onRequest` hooks have run and the body has not been read; and it calls back
 * rather than returning a promise, since Fastify would go on after one while an async `onSend` hook holds the reply.
 *
 * @see https://fastify.dev/docs/latest/Reference/Lifecycle/
 */
export function answerMethodNotAllowed (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: Done): void {
  const asked = (installationOf(request.server) as Installation).asked?.getStore()
  if (asked !== undefined) asked.request = request
  const settings = request.is404 ? settingsFor(request.server, request.raw.url as string) : undefined
  if (settings !== undefined) answerMiss(request, reply, settings, done)
  else if (asked === undefined || request.is404) done()
  else reply.code(500).send('routed') // no handler is called for `findWrongAnswers`
}

type Done = (error?: Error) => void

/** Apart from the hook, so that a matched request allocates none of what this needs. */
function answerMiss (request: FastifyRequest, reply: FastifyReply, settings: Settings, done: Done): void {
  if (settings.notImplemented && !isImplemented(request, settings)) {
    replyRefusal(reply, settings, 501)
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

/**
 * Sets the not-found handler that the option `notFound` asks for, once for a prefix; for the whole app, where the scope has none.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION` where the app has one of its own
 */
export function setNotFoundHandler (scope: FastifyInstance, given: GivenOptions): void {
  const { handled } = installationOf(scope) as Installation
  if (handled.has(scope.prefix)) return
  handled.add(scope.prefix)
  try {
    (scope.prefix === '' ? rootOf(scope) : scope).setNotFoundHandler(function answerNotFound (request: FastifyRequest, reply: FastifyReply) {
      // Fastify finds a prefix's not-found handler without the router's options: the settings may lie elsewhere, as for `/a;b` under `useSemicolonDelimiter`.
      replyRefusal(reply, settingsFor(request.server, request.raw.url as string) ?? toSettings(given), 404)
    })
  } catch (error) {
    throw new InvalidOptionError("option 'notFound' must be false where the app has a not-found handler of its own, got true; " +
      `leave out the one or the other (${(error as Error).message})`)
  }
}
