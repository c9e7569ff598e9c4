import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsInUse } from './constraints.js'
import { InvalidArgumentError, ensure, isRecord } from './errors.js'
import { findForRefusal, findMethods, isListOfMethods, narrow, withoutRefused } from './methods.js'
import { DEFAULT_SETTINGS } from './options.js'
import { type MaybePromise, andThen, attempt } from './promise.js'
import { holdUntil, replyMethodNotAllowed, watch } from './reply.js'
import { routedMethods } from './routed.js'
import { type Installation, installationOf, settingsFor } from './scope.js'
import { routedUrl } from './target.js'

/** The decorator `app.allowedMethods`; types/fastify.ts documents it. */
export function allowedMethods (
  this: FastifyInstance, requestOrUrl: AnyRequest | string, constraints?: ConstraintValues
): MaybePromise<string[]> {
  const isUrl = typeof requestOrUrl === 'string'
  ensure(isUrl || typeof requestOrUrl?.raw?.url === 'string', InvalidArgumentError, 'allowedMethods takes a request or a URL', requestOrUrl)
  ensure(constraints === undefined || isRecord(constraints), InvalidArgumentError, 'allowedMethods takes constraints as an object', constraints)
  const installation = installationOf(this) as Installation
  const url = isUrl ? requestOrUrl : routedUrl(requestOrUrl)
  const settings = settingsFor(installation, url) ?? DEFAULT_SETTINGS
  if (isUrl) return [...routedMethods(installation, url, constraintsInUse(this, constraints), settings.catchAll)]
  const given = { version: undefined, host: undefined, ...constraints } // instead of those of the request
  const inForce = constraints === undefined ? settings : { ...settings, constraints: () => given }
  return andThen(findMethods(installation, requestOrUrl, inForce), found => [...found.methods])
}

/** The decorator `reply.sendMethodNotAllowed`; types/fastify.ts documents it. */
export function sendMethodNotAllowed (this: FastifyReply, given?: readonly string[]): FastifyReply {
  const installation = installationOf(this.server) as Installation
  const settings = settingsFor(installation, routedUrl(this.request)) ?? DEFAULT_SETTINGS
  const methods = given === undefined ? undefined : toMethods(given).filter(method => method !== this.request.method)
  const keep = () => methods === undefined
    ? andThen(findForRefusal(installation, this.request, settings), found => found.methods)
    : narrow(methods, this.request, settings.allow)
  const isOvertaken = watch(this)
  const send = (kept: readonly string[]): MaybePromise<void> => {
    if (!this.sent && isOvertaken()) return
    const isHidden = settings.allow !== undefined && kept.length === 0 && methods?.length !== 0
    if (isHidden) this.callNotFound() // no method is left, so the URL counts as unknown
    else if (this.sent) this.send() // Fastify logs that the reply was already sent
    else return replyMethodNotAllowed(this, { methods: methods === undefined ? withoutRefused(kept, this.request.method) : kept }, settings)
  }
  const later = attempt(() => andThen(keep(), send), error => { if (this.sent || !isOvertaken()) this.send(error) })
  if (!this.sent) holdUntil(later, this)
  // In an `onError` hook nothing can be sent, and the hook may not wait for this.
  if (later instanceof Promise) later.catch(error => this.request.log.error(error))
  return this
}

/** A method is a token (RFC 9110 §5.6.2, §9.1). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

function toMethods (given: readonly string[]): string[] {
  const isRight = isListOfMethods(given) && given.every(method => TOKEN.test(method))
  ensure(isRight, InvalidArgumentError, 'sendMethodNotAllowed takes an array of methods', given)
  return [...new Set(given.map(method => method.toUpperCase()))].sort()
}
