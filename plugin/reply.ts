import type { FastifyReply } from 'fastify'
import type { Settings } from './options.js'
import { toProblem } from './problem.js'

/**
 * Answers 405 with `Allow` and the problem body (RFC 9110 §15.5.6), and logs one line at level info, as Fastify does for a 404.
 *
 * An error goes to the app's error handler.
 *
 * @param methods the methods that the resource supports, sorted; may be empty
 */
export function replyMethodNotAllowed (reply: FastifyReply, methods: string[], { type }: Settings): FastifyReply {
  const { request } = reply
  let body: string
  try {
    body = toProblem(request, methods, type)
  } catch (error) {
    return reply.send(error)
  }
  if (!isLogDisabled(reply)) request.log.info(`Route ${request.method}:${request.url} not allowed`)
  return reply
    .code(405)
    .header('allow', toAllow(methods))
    .header('content-type', 'application/problem+json')
    .serializer(serialize)
    .send(body)
}

/**
 * Joins methods into an `Allow` field value (RFC 9110 §10.2.1).
 *
 * @param methods upper-case method tokens, sorted; may be empty, which says that the resource allows none
 */
export function toAllow (methods: readonly string[]): string {
  return methods.join(', ')
}

/**
 * A reply with a serializer of its own gets no charset parameter from Fastify, which `application/problem+json` does not have (RFC 9457 §6.1).
 * It stays on the reply, so it must also serve an error handler that answers instead, after a hook has failed.
 */
function serialize (payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload)
}

function isLogDisabled ({ request, server }: FastifyReply): boolean {
  const disabled = server.initialConfig.disableRequestLogging as boolean | ((request: unknown) => boolean) | undefined
  return typeof disabled === 'function' ? disabled(request) : disabled === true
}
