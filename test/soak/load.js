import { abuse, abuses } from './abuse.js'
import { Connection, wrongIn } from './connection.js'
import { randomOf, randomRequest } from './traffic.js'

export const CONNECTIONS = 64
export const ABUSERS = 8

/**
 * Sends requests over connections that keep alive, up to 16 pipelined and now and then over a new one, while others abuse theirs.
 *
 * @returns `{ counts, abused, failures }`: the answers by status, the connections that were abused, and what was wrong
 */
export async function load (port, requests, seed) {
  const result = { counts: {}, abused: 0, failures: [] }
  const running = { clients: CONNECTIONS }
  await Promise.all([
    ...Array.from({ length: CONNECTIONS }, async (_, i) => {
      await converse(port, Math.floor((requests + i) / CONNECTIONS), randomOf(seed * 1000 + i), result)
      running.clients--
    }),
    ...Array.from({ length: ABUSERS }, async (_, i) => {
      const random = randomOf(seed * 1000 + CONNECTIONS + i)
      const kinds = Object.keys(abuses)
      while (running.clients > 0) {
        const wrong = await abuse(port, kinds[random(kinds.length)])
        if (wrong !== undefined) result.failures.push(wrong)
        result.abused++
      }
    })
  ])
  return result
}

async function converse (port, left, random, { counts, failures }) {
  let connection = new Connection(port)
  while (left > 0) {
    const batch = Array.from({ length: Math.min(1 + random(16), left) }, () => randomRequest(random))
    const answers = await Promise.all(connection.pipeline(batch))
    for (const [i, request] of batch.entries()) {
      const wrong = wrongIn(request, answers[i])
      if (wrong !== undefined) failures.push(wrong)
      counts[answers[i]?.status] = (counts[answers[i]?.status] ?? 0) + 1
    }
    left -= batch.length
    if (connection.socket.destroyed || random(100) === 0) {
      await connection.end()
      connection = new Connection(port)
    }
  }
  await connection.end()
}
