import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify'
import { findMethods, withoutRefused } from './methods.js'
import type { Settings } from './options.js'
import { lookAfter, pause } from './payload.js'
import { type MaybePromise, andThen, attempt } from './promise.js'
import type { Finding } from './recent.js'
import { toAllow, watchTimeout } from './reply.js'
import { type Installation, settingsFor } from './scope.js'
import { routedUrl } from './target.js'

/** What was found before the handler of a request runs. */
const findings = new WeakMap<FastifyRequest, Finding>()

/** What has been set on the reply to a request. If a later hook fails, what the app's error handler sends passes the hooks again. */
const values = new WeakMap<FastifyRequest, string>()

/**
 * Sets `Allow` on the routed responses of a scope (RFC 9110 §10.2.1), unless a response already has one or answers a CORS preflight.
 * If the app itself answers 405, the method that it refuses is left out.
 *
 * An `onSend` hook sets it, and never waits: a reply that waits could be overtaken by another. What functions decide, which may be async, is
 * therefore found in a `preValidation` hook, once the body has been read. If they throw, the error is logged and the response stays as it is.
 *
 * @see https://fastify.dev/docs/latest/Reference/Hooks/
 */
export function advertise (installation: Installation, scope: FastifyInstance): void {
  scope.addHook('preValidation', function findAllow (request, reply, done) {
    const settings = settingsFor(installation, routedUrl(request))
    const isExempt = request.is404 || findings.has(request) || !settings?.advertise || (settings.allow ?? settings.constraints) === undefined
    if (isExempt) return done()
    const later = andThen(find(request, settings), finding => { findings.set(request, finding) })
    if (later === undefined) return done()
    const body = request.body as RequestPayload | undefined // a stream, if a content type parser passes one on
    const payload = typeof body?.resume === 'function' && body.readableFlowing !== undefined ? body : request.raw
    const carryOn = lookAfter(payload, reply, done)
    const isTimedOut = watchTimeout(reply)
    later.finally(pause(payload)).then(() => isTimedOut() || carryOn()).catch(done)
  })

  scope.addHook('onSend', function advertiseAllow (request, reply, _payload, done) {
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
    const value = reply.getHeader('allow')
    if (isPreflight || (value !== undefined && value !== values.get(request))) return done()
    if (value !== undefined) reply.removeHeader('allow')
    const settings = request.is404 ? undefined : settingsFor(installation, routedUrl(request))
    if (!settings?.advertise) return done()
    const finding = findings.get(request) ?? find(request, settings)
    if (!(finding instanceof Promise) && finding.methods.length > 0) {
      const allow = toAllow(reply.statusCode === 405 ? withoutRefused(finding.methods, request.method) : finding.methods)
      values.set(request, allow)
      reply.header('allow', allow)
    }
    done()
  })

  function find (request: FastifyRequest, settings: Settings): MaybePromise<Finding> {
    return attempt(() => findMethods(installation, request, settings), error => {
      request.log.error(error, 'fastify-allowed-methods: Allow is left out')
      return { methods: [] }
    })
  }
}
