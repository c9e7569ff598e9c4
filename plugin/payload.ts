import type { EventEmitter } from 'node:events'
import type { FastifyReply, RequestPayload } from 'fastify'

/**
 * Looks after a body that an earlier `preParsing` hook has begun to read into a stream of its own, in the stead of Fastify, which does not
 * read that stream once the request is answered, nor listen to it while an option is waited for.
 *
 * An error is answered with 400, and such a request is the last of its connection, as with Fastify. What is left of the body after the answer is discarded,
 * as Node.js does with one that nobody has begun to read; else the connection would wait for its end.
 *
 * @param done the hook's, after which Fastify reads the stream
 * @returns what to call in its place
 */
export function lookAfter (payload: RequestPayload, reply: FastifyReply, done: (error?: Error) => void): (error?: Error) => void {
  const { raw } = reply.request
  const { socket } = raw // a request that is destroyed has none
  const response = (reply.raw as { stream?: EventEmitter }).stream ?? reply.raw // over HTTP/2 the response has finished once the request has
  let failure: Error | undefined
  payload.on('error', (error: Error & { statusCode?: number }) => {
    failure ??= Object.assign(error, { statusCode: error.statusCode ?? 400 })
    if (!reply.sent) reply.header('connection', 'close')
    else if (raw.httpVersionMajor === 1) socket.destroySoon()
  })
  response.on('finish', discard)
  return error => {
    response.off('finish', discard)
    done(error ?? failure)
  }

  function discard (): void {
    raw.unpipe()
    raw.resume()
  }
}
