import type { EventEmitter } from 'node:events'
import type { FastifyReply, RequestPayload } from 'fastify'

/**
 * Looks after a body that an earlier `preParsing` hook has begun to read into a stream of its own, in the stead of Fastify, which does not
 * listen to that stream while an option is waited for, nor once the request is answered.
 *
 * What is left of the body after the answer is discarded, as Node.js does with one that nobody has begun to read; else the connection would wait for its end.
 *
 * @param payload what the hook gave, which Fastify does not look at until it reads it
 * @param done the hook's, after which it is Fastify's again
 * @returns what to call in its place
 */
export function lookAfter (payload: RequestPayload | undefined, reply: FastifyReply, done: (error?: Error) => void): (error?: Error) => void {
  if (typeof payload?.resume !== 'function') return done
  const { raw } = reply.request
  const { socket } = raw // a request that is destroyed has none
  const response = (reply.raw as { stream?: EventEmitter }).stream ?? reply.raw // over HTTP/2 the response has finished once the request has
  let failure: Error | undefined
  payload.on('error', keep)
  response.on('finish', discard)
  return error => {
    response.off('finish', discard)
    done(error)
    if (failure !== undefined) payload.emit('error', failure) // to whoever reads it now
  }

  /** A hook that destroys the request with its stream leaves the connection in the middle of a body. */
  function keep (error: Error): void {
    failure ??= error
    if (!raw.destroyed || raw.complete) return
    if (!reply.sent) reply.header('connection', 'close')
    else if (raw.httpVersionMajor === 1) socket.destroySoon()
  }

  /** From the request itself, lest what was packed is unpacked. */
  function discard (): void {
    raw.unpipe()
    raw.resume()
    payload?.resume()
  }
}
