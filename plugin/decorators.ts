import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConstraintValues } from '../types/options.js'
import { constraintsInUse } from './constraints.js'
import { InvalidArgumentError, show } from './errors.js'
import { type MaybePromise, isPromiseLike } from './promise.js'
import { replyMethodNotAllowed } from './reply.js'
import { methodsFor, routedMethods } from './routed.js'
import { settingsFor } from './scope.js'

/** The decorator `app.allowedMethods`; its types tell what goes in and out. */
export function allowedMethods (
  this: FastifyInstance, requestOrUrl: FastifyRequest | string, constraints?: ConstraintValues
): MaybePromise<string[]> {
  const url = typeof requestOrUrl === 'string' ? requestOrUrl : requestOrUrl?.raw?.url
  if (url === undefined) {
    throw new InvalidArgumentError(`allowedMethods takes a request or a URL, got ${show(requestOrUrl)}`)
  }
  const settings = settingsFor(this, url)
  if (typeof requestOrUrl !== 'string' && constraints === undefined) return methodsFor(requestOrUrl, settings)
  return routedMethods(this, url, constraintsInUse(this, constraints ?? {}), settings.catchAll)
}

/** The decorator `reply.sendMethodNotAllowed`; its types tell what goes in and out. */
export function sendMethodNotAllowed (this: FastifyReply, given?: readonly string[]): FastifyReply {
  const { request, server } = this
  const settings = settingsFor(server, request.raw.url as string)
  const supported = given === undefined ? methodsFor(request, settings) : toMethods(given)
  const refused = given === undefined && isRead(request.method) ? ['GET', 'HEAD'] : [request.method]
  const send = (methods: string[]) => replyMethodNotAllowed(this, methods.filter(method => !refused.includes(method)), settings)
  if (!isPromiseLike(supported)) return send(supported)
  supported.then(send).then(undefined, error => this.send(error))
  return this
}

/** GET and HEAD are one read, with and without a body: where a resource refuses the one, it does not support the other. */
function isRead (method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

function toMethods (given: readonly string[]): string[] {
  if (!Array.isArray(given) || !given.every(method => typeof method === 'string')) {
    throw new InvalidArgumentError(`sendMethodNotAllowed takes an array of methods, got ${show(given)}`)
  }
  return [...new Set(given.map(method => method.toUpperCase()))].sort()
}
