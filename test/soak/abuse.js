// What clients do that they should not. Each opens a connection of its own, and tells what went wrong, if anything.

import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, wrongIn } from './connection.js'

const WRONG = { method: 'PUT', status: 405, allow: 'DELETE, GET, HEAD', bytes: 'PUT /users/1 HTTP/1.1\r\nhost: a.example\r\n' }
const AGAIN = { ...WRONG, bytes: `${WRONG.bytes}\r\n` }

export const abuses = {
  async 'half-sent body, wrong method' (connection) {
    return wrongIn(WRONG, await connection.send({ ...WRONG, bytes: `${WRONG.bytes}content-length: 1000\r\n\r\nhello` }))
  },

  async 'half-sent body, routed method' (connection) {
    connection.send({ method: 'POST', bytes: 'POST /users HTTP/1.1\r\nhost: a.example\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\nhello' })
    await sleep(2)
  },

  async 'half-sent header' (connection) {
    connection.send({ ...WRONG, bytes: 'PUT /users/1 HTT' })
    await sleep(2)
  },

  async 'aborted at once' (connection) {
    for (let i = 0; i < 5; i++) connection.send(AGAIN)
    await sleep(0)
  },

  async 'aborted by a reset' (connection) {
    connection.send({ ...WRONG, bytes: `${WRONG.bytes}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n` })
    await sleep(1)
    connection.socket.resetAndDestroy()
  },

  async 'slow body, and the connection used again' (connection) {
    const answer = connection.send({ ...WRONG, bytes: `${WRONG.bytes}content-length: 5\r\n\r\n` })
    for (const byte of 'slow!') {
      await sleep(2)
      connection.socket.write(byte)
    }
    return wrongIn(WRONG, await answer) ?? wrongIn(AGAIN, await connection.send(AGAIN))
  },

  async 'Expect: 100-continue, and the connection used again' (connection) {
    const answer = await connection.send({ ...WRONG, bytes: `${WRONG.bytes}content-length: 5\r\nexpect: 100-continue\r\n\r\n` })
    if (!connection.continued) return 'no 100'
    connection.socket.write('hello')
    return wrongIn(WRONG, answer) ?? wrongIn(AGAIN, await connection.send(AGAIN))
  }
}

/** @returns what went wrong; undefined where nothing did */
export async function abuse (port, name) {
  const connection = new Connection(port)
  const wrong = await abuses[name](connection)
  await connection.destroy()
  return wrong === undefined ? undefined : `${name}: ${wrong}`
}
