import type { FastifyInstance, FastifyReply, FastifyRequest, preParsingHookHandler } from 'fastify'
import { InvalidOptionError } from './errors.js'
import type { GivenOptions, Settings } from './options.js'
import { lookAfter } from './payload.js'
import type { Finding } from './recent.js'
import { isAnswered, replyMethodNotAllowed, replyOptions, replyRefusal } from './reply.js'
import { findMethods, isImplemented } from './routed.js'
import { type Installation, settingsFor } from './scope.js'
import { routedUrl } from './target.js'

/**
 * Makes the hook that answers 405 where no route takes the request and other methods are routed at its URL; else what Fastify was about
 * goes on, be it a route's lifecycle or that of a not-found handler, which Fastify has for every app.
 *
 * It is a `preParsing` hook, so that the app's `onRequest` hooks have run and the body has not been read; and it calls back
 * rather than returning a promise, since Fastify would go on after one while an async `onSend` hook holds the reply.
 *
 * @see https://fastify.dev/docs/latest/Reference/Lifecycle/
 */
export function answerMethodNotAllowed (installation: Installation): preParsingHookHandler {
  return function answerMethodNotAllowed (request, reply, payload, done) {
    const probe = installation.probe?.(request)
    if (probe !== undefined) probe.request = request
    if (request.is404) answerMiss(installation, request, reply, payload === request.raw ? done : lookAfter(payload, reply, done))
    else if (probe === undefined) done()
    else reply.code(500).send() // a probe calls no handler
  }
}

/** Apart from the hook, so that a matched request allocates none of what this needs. */
function answerMiss (installation: Installation, request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
  const settings = settingsFor(installation, routedUrl(request))
  if (settings === undefined) return done()
  if (settings.notImplemented && !isImplemented(installation, request, settings)) return replyRefusal(reply, settings, 501)
  const finding = findMethods(installation, request, settings, true)
  if (finding instanceof Promise) {
    finding.then(finding => isAnswered(reply) || answer(reply, finding, settings))
      .then(answered => answered || done(), error => isAnswered(reply) || done(error))
  } else if (!answer(reply, finding, settings)) {
    done()
  }
}

/** @returns false where the URL is unknown */
function answer (reply: FastifyReply, finding: Finding, settings: Settings): boolean {
  if (finding.methods.length === 0) return false
  if (reply.request.method === 'OPTIONS' && settings.answerOptions) replyOptions(reply, finding.methods)
  else replyMethodNotAllowed(reply, finding, settings)
  return true
}

/** Sets the not-found handler that the option `notFound` asks for, once for a prefix; for the whole app, where the scope has none. */
export function setNotFoundHandler (installation: Installation, scope: FastifyInstance, given: GivenOptions): void {
  const { handled, root } = installation
  if (handled.has(scope.prefix)) return
  handled.add(scope.prefix)
  try {
    (scope.prefix === '' ? root : scope).setNotFoundHandler(function answerNotFound (request: FastifyRequest, reply: FastifyReply) {
      // Fastify finds a prefix's not-found handler without the router's options: the settings may lie elsewhere, as for `/a;b` under `useSemicolonDelimiter`.
      replyRefusal(reply, settingsFor(installation, routedUrl(request)) ?? given, 404)
    })
  } catch (error) {
    throw new InvalidOptionError("option 'notFound' must be false where the app has a not-found handler of its own, got true; " +
      `leave out the one or the other (${(error as Error).message})`)
  }
}
