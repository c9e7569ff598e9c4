import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, wrongIn } from './connection.js'
import { CONNECTIONS } from './load.js'
import { randomOf, randomRequest } from './traffic.js'

/**
 * Closes the app while requests come in on every connection, on every other one pipelined, some to a slow handler.
 *
 * A request that the server has accepted must get a whole answer, or come behind an answer that says `connection: close` (RFC 9112 §9.6).
 *
 * @returns `{ accepted, answered, dismissed, lost, failures }`
 */
export async function closeAmidTraffic (server, seed) {
  const failures = []
  const names = { next: 0 }
  await server.ask('record')
  const clients = Array.from({ length: CONNECTIONS }, (_, i) =>
    converse(new Connection(server.port), names, i % 2 === 0 ? 1 : 8, randomOf(seed * 1000 + i), failures))
  await sleep(300)
  const { accepted, handles, failures: thrown } = await server.ask('close')
  failures.push(...thrown)
  if (handles.length > 0) failures.push(`open after close(): ${handles.join(', ')}`)
  const code = await server.exit()
  if (code !== 0) failures.push(`the process did not end by itself after close(): ${code}`)

  const isAccepted = new Set(accepted.map(Number))
  const result = { accepted: accepted.length, answered: 0, dismissed: 0, lost: 0, failures }
  for (const { connection, sent, answered } of await Promise.all(clients)) {
    if (connection.text !== '') failures.push(`half an answer: ${connection.text.slice(0, 100)}`)
    const unanswered = sent.filter(name => isAccepted.has(name) && !answered.has(name)).length
    result.answered += answered.size
    result[connection.last.close ? 'dismissed' : 'lost'] += unanswered
  }
  if (result.lost > 0) failures.push(`close() lost ${result.lost} requests`)
  return result
}

/** Sends requests, each with a name of its own, until the connection is closed. */
async function converse (connection, names, pipelined, random, failures) {
  const sent = []
  const answered = new Set()
  while (!connection.socket.destroyed) {
    const batch = Array.from({ length: 1 + random(pipelined) }, () => random(10) > 0 ? randomRequest(random, names.next++) : slowRequest(names.next++))
    sent.push(...batch.map(({ id }) => id))
    const answers = await Promise.all(connection.pipeline(batch))
    for (const [i, request] of batch.entries()) {
      const answer = answers[i]
      if (answer === undefined) continue
      answered.add(request.id)
      const wrong = answer.status === 503 && answer.close ? undefined : wrongIn(request, answer)
      if (wrong !== undefined) failures.push(wrong)
    }
  }
  await connection.closed
  return { connection, sent, answered }
}

function slowRequest (id) {
  return { method: 'GET', status: 200, id, bytes: `GET /slow HTTP/1.1\r\nhost: a.example\r\nx-id: ${id}\r\n\r\n` }
}
