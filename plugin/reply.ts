import type { FastifyReply } from 'fastify'
import type { Settings } from './options.js'
import { toProblem } from './problem.js'

/**
 * Answers 405 with `Allow` and the problem body (RFC 9110 §15.5.6), and logs one line at level info, as Fastify does for a 404.
 *
 * An error goes to the app's error handler. On a reply that has been sent, Fastify warns.
 *
 * @param methods the methods that the resource supports, sorted; may be empty
 */
export function replyMethodNotAllowed (reply: FastifyReply, methods: string[], { type }: Settings): FastifyReply {
  const { request } = reply
  if (reply.sent) return reply.send()
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
    .serializer(keepMediaType)
    .send(body)

  // A reply with a serializer gets no charset parameter from Fastify, and this media type has none (RFC 9457 §6.1).
  // It serves once: where a later hook fails, what the app's error handler sends is serialized as ever.
  function keepMediaType (payload: unknown): string {
    reply.serializer(null as never)
    return payload as string
  }
}

/**
 * Joins methods into an `Allow` field value (RFC 9110 §10.2.1).
 *
 * @param methods upper-case method tokens, sorted; may be empty, which says that the resource allows none
 */
export function toAllow (methods: readonly string[]): string {
  return methods.join(', ')
}

function isLogDisabled ({ request, server }: FastifyReply): boolean {
  const disabled = server.initialConfig.disableRequestLogging as boolean | ((request: unknown) => boolean) | undefined
  return typeof disabled === 'function' ? disabled(request) : disabled === true
}
