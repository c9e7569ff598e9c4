import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsInUse } from './constraints.js'
import { InvalidArgumentError, show } from './errors.js'
import { DEFAULTS } from './options.js'
import { type MaybePromise, andThen, isPromiseLike } from './promise.js'
import { replyMethodNotAllowed } from './reply.js'
import { isListOfMethods, methodsFor, routedMethods, withoutRefused } from './routed.js'
import { settingsFor } from './scope.js'

/** The decorator `app.allowedMethods`; its types tell what goes in and out. */
export function allowedMethods (
  this: FastifyInstance, requestOrUrl: AnyRequest | string, constraints?: ConstraintValues
): MaybePromise<string[]> {
  const url = typeof requestOrUrl === 'string' ? requestOrUrl : requestOrUrl?.raw?.url
  if (typeof url !== 'string') {
    throw new InvalidArgumentError(`allowedMethods takes a request or a URL, got ${show(requestOrUrl)}`)
  }
  if (constraints !== undefined && (typeof constraints !== 'object' || constraints === null)) {
    throw new InvalidArgumentError(`allowedMethods takes constraints as an object, got ${show(constraints)}`)
  }
  const settings = settingsFor(this, url) ?? DEFAULTS
  if (typeof requestOrUrl !== 'string' && constraints === undefined) return andThen(methodsFor(requestOrUrl, settings), methods => [...methods])
  return [...routedMethods(this, url, constraintsInUse(this, { ...constraints }), settings.catchAll)]
}

/** The decorator `reply.sendMethodNotAllowed`; its types tell what goes in and out. */
export function sendMethodNotAllowed (this: FastifyReply, given?: readonly string[]): FastifyReply {
  const { request, server } = this
  const settings = settingsFor(server, request.raw.url as string) ?? DEFAULTS
  if (given !== undefined) return replyMethodNotAllowed(this, toMethods(given).filter(method => method !== request.method), settings)
  const send = (methods: readonly string[]) => replyMethodNotAllowed(this, withoutRefused(methods, request.method), settings)
  try {
    const methods = methodsFor(request, settings)
    if (!isPromiseLike(methods)) return send(methods)
    methods.then(send).then(undefined, error => this.send(error))
  } catch (error) {
    this.send(error)
  }
  return this
}

/** A method (RFC 9110 §5.6.2, §9.1). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

function toMethods (given: readonly string[]): string[] {
  if (!isListOfMethods(given) || !given.every(method => TOKEN.test(method))) {
    throw new InvalidArgumentError(`sendMethodNotAllowed takes an array of methods, got ${show(given)}`)
  }
  return [...new Set(given.map(method => method.toUpperCase()))].sort()
}
