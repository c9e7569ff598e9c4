import type { EventEmitter } from 'node:events'
import type { FastifyReply, RequestPayload } from 'fastify'

/**
 * Looks after a body that an earlier `preParsing` hook has begun to read into a stream of its own: Fastify does not listen to that stream
 * while the plugin waits for an option, nor after the request has been answered. The request itself needs none of this.
 *
 * Whatever is left of the body after the answer is discarded, as Node.js does with a body that nobody has begun to read. Otherwise the
 * connection would wait for the end of the body.
 *
 * @param payload what the earlier hook passed on; Fastify checks it only when it reads it
 * @param done the callback of the plugin's hook, after which Fastify takes care of the body again
 * @returns the function to call instead of `done`
 */
export function lookAfter (payload: RequestPayload | undefined, reply: FastifyReply, done: (error?: Error) => void): (error?: Error) => void {
  const { raw } = reply.request
  if (payload === raw || typeof payload?.resume !== 'function') return done
  const { socket } = raw // a destroyed request has no socket
  const response = (reply.raw as { stream?: EventEmitter }).stream ?? reply.raw // over HTTP/2 the response finishes only after the request has ended
  let failure: Error | undefined
  payload.on('error', keep)
  response.on('finish', discard)
  return error => {
    response.off('finish', discard)
    done(error)
    if (failure !== undefined) payload.emit('error', failure) // to whoever reads it now
  }

  /** If the hook has destroyed the request too, the connection is left in the middle of a body, and must be closed. */
  function keep (error: Error): void {
    failure ??= error
    if (!raw.destroyed || raw.complete) return
    if (!reply.sent) reply.header('connection', 'close')
    else if (raw.httpVersionMajor === 1) socket.destroySoon?.() // an injected request's has no such method
  }

  /** Reads the rest from the request itself, so that a compressed body is not decompressed. */
  function discard (): void {
    raw.unpipe()
    raw.resume()
    payload?.resume()
  }
}

/**
 * Pauses a body to which an earlier hook listens: what comes of it while an option is waited for would be lost to whoever reads it afterwards.
 *
 * @returns what lets it flow again
 */
export function pause (payload: RequestPayload | undefined): () => void {
  if (payload?.readableFlowing !== true) return () => {}
  payload.pause()
  return () => { payload.resume() }
}
