import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsInUse } from './constraints.js'
import { InvalidArgumentError, show } from './errors.js'
import { DEFAULTS } from './options.js'
import { type MaybePromise, isPromiseLike } from './promise.js'
import { replyMethodNotAllowed } from './reply.js'
import { methodsFor, routedMethods } from './routed.js'
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
  if (typeof requestOrUrl !== 'string' && constraints === undefined) return methodsFor(requestOrUrl, settings)
  return routedMethods(this, url, constraintsInUse(this, { ...constraints }), settings.catchAll)
}

/** The decorator `reply.sendMethodNotAllowed`; its types tell what goes in and out. */
export function sendMethodNotAllowed (this: FastifyReply, given?: readonly string[]): FastifyReply {
  const { request, server } = this
  const settings = settingsFor(server, request.raw.url as string) ?? DEFAULTS
  const refused = given === undefined && isRead(request.method) ? ['GET', 'HEAD'] : [request.method]
  const send = (methods: string[]) => replyMethodNotAllowed(this, methods.filter(method => !refused.includes(method)), settings)
  if (given !== undefined) return send(toMethods(given))
  try {
    const methods = methodsFor(request, settings)
    if (!isPromiseLike(methods)) return send(methods)
    methods.then(send).then(undefined, error => this.send(error))
  } catch (error) {
    this.send(error)
  }
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
