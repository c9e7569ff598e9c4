// What the servers answer, before it is measured how fast.

import { once } from 'node:events'
import { connect } from 'node:net'
import { startServer } from './child.js'
import { FIRST_ID, REQUESTS } from './routes.js'
import { SUBJECTS } from './subjects.js'

const METHODS = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT']

/**
 * Asks a server for what is measured.
 *
 * The methods in `Allow` have to be those that the server itself answers with success at this URL.
 *
 * @returns what is wrong with its answers; an empty array where nothing is
 */
export async function wrongAnswers (name) {
  const { port, stop } = await startServer(SUBJECTS[name])
  const wrong = []
  try {
    const [matched, refused, unknown] = await Promise.all(['matched', 'refused', 'unknown'].map(name => ask(port, REQUESTS[name].method, REQUESTS[name].path)))
    const routed = []
    for (const method of METHODS) {
      if ((await ask(port, method, REQUESTS.matched.path)).status === 200) routed.push(method)
    }
    const allow = refused.headers.get('allow')?.split(', ').sort().join(', ')
    if (matched.status !== 200) wrong.push(`${matched.status} for a matched request`)
    if (refused.status !== 405) wrong.push(`${refused.status} in place of 405`)
    if (allow === undefined) wrong.push('no Allow')
    else if (allow !== routed.join(', ')) wrong.push(`Allow is ${allow}, and ${routed.join(', ')} are answered`)
    if (unknown.status !== 404) wrong.push(`${unknown.status} in place of 404`)
  } finally {
    await stop()
  }
  return wrong
}

/** Tells whether two servers write the same bytes to the request that the plugin refuses, but for the time of day. */
export async function writeTheSame (...names) {
  const written = []
  for (const name of names) {
    const { port, stop } = await startServer(SUBJECTS[name])
    written.push((await bytesOf(port)).replace(/(?<=\r\nDate: )[^\r]*/, ''))
    await stop()
  }
  return written.every(text => text === written[0])
}

async function ask (port, method, path) {
  const response = await fetch(`http://127.0.0.1:${port}${path}${FIRST_ID}`, { method })
  await response.arrayBuffer()
  return response
}

async function bytesOf (port) {
  const { method, path } = REQUESTS.refused
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  socket.write(`${method} ${path}${FIRST_ID} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  let text = ''
  while (!text.endsWith('}')) text += await once(socket, 'data')
  socket.destroy()
  return text
}
