import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload, preParsingHookHandler } from 'fastify'
import { InvalidOptionError } from './errors.js'
import { findMethods } from './methods.js'
import type { GivenOptions, Settings } from './options.js'
import { lookAfter, pause } from './payload.js'
import type { Finding } from './recent.js'
import { replyMethodNotAllowed, replyOptions, replyRefusal, watch } from './reply.js'
import { isNotImplemented } from './routed.js'
import { type Installation, settingsFor } from './scope.js'
import { routedUrl, withoutNames } from './target.js'

/**
 * Makes the hook that answers 405 if no route takes the request but other methods are routed at its URL. Otherwise Fastify carries on: with
 * the lifecycle of the route, or with that of a not-found handler, which every Fastify app has.
 *
 * It is a `preParsing` hook, so the app's `onRequest` hooks have run and the body has not been read. It takes a callback instead of
 * returning a promise, because Fastify would carry on after the promise even while an async `onSend` hook is holding the reply.
 *
 * @see https://fastify.dev/docs/latest/Reference/Lifecycle/
 */
export function answerMethodNotAllowed (installation: Installation): preParsingHookHandler {
  return function answerMethodNotAllowed (request, reply, payload, done) {
    const isProbe = installation.noticeProbe?.(installation, request)
    if (request.is404) answerMiss(installation, request, reply, payload, lookAfter(payload, reply, done))
    else if (isProbe) reply.code(500).send() // it must not reach the route's handler
    else done()
  }
}

/** Separate from the hook, so that a matched request allocates nothing that only a miss needs. */
function answerMiss (
  installation: Installation, request: FastifyRequest, reply: FastifyReply, payload: RequestPayload | undefined, done: (error?: Error) => void
): void {
  const settings = settingsFor(installation, routedUrl(request))
  if (settings === undefined) return done()
  if (isNotImplemented(installation, request, settings)) return replyRefusal(reply, settings, 501)
  const finding = findMethods(installation, request, settings, true)
  if (finding instanceof Promise) {
    const isOvertaken = watch(reply)
    finding.finally(pause(payload)).then(finding => isOvertaken() || answer(reply, finding, settings) || done())
      .catch(error => isOvertaken() || done(error))
  } else if (!answer(reply, finding, settings)) {
    done()
  }
}

/** @returns false if the URL is unknown */
function answer (reply: FastifyReply, finding: Finding, settings: Settings): boolean {
  if (finding.methods.length === 0) return false
  if (reply.request.method === 'OPTIONS' && settings.answerOptions) replyOptions(reply, finding.methods)
  else replyMethodNotAllowed(reply, finding, settings)
  return true
}

/** Sets the not-found handler that the option `notFound` asks for, once per prefix; for a scope without a prefix, that of the whole app. */
export function setNotFoundHandler (installation: Installation, scope: FastifyInstance, given: GivenOptions): void {
  const { notFoundPrefixes, root } = installation
  const place = withoutNames(scope.prefix).replace(/\/$/, '') // as Fastify tells prefixes apart
  if (notFoundPrefixes.has(place)) return
  notFoundPrefixes.add(place)
  try {
    (place === '' ? root : scope).setNotFoundHandler(function answerNotFound (request: FastifyRequest, reply: FastifyReply) {
      // Fastify ignores the router options when it looks for a prefix's not-found handler. The URL may therefore be outside every registered
      // prefix, as `/a;b` is for the prefix `/a;b` under `useSemicolonDelimiter`.
      replyRefusal(reply, settingsFor(installation, routedUrl(request)) ?? given, 404)
    })
  } catch (error) {
    throw new InvalidOptionError("option 'notFound' must be false where the app has a not-found handler of its own, got true; " +
      `leave out the one or the other (${(error as Error).message})`)
  }
}
