import { execFile, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FIRST_ID, LAST_ID } from './routes.js'

export const CONNECTIONS = 20
const run = promisify(execFile)
const script = fileURLToPath(new URL('load.lua', import.meta.url))

/** What loads the servers: wrk where it is installed, else autocannon. Each: `(port, request, seconds) => { answers, refused, errors }` */
const tools = { wrk, autocannon }
export const TOOL = spawnSync('wrk', ['--version']).error === undefined ? 'wrk' : 'autocannon'

/**
 * Asks a server over connections that keep alive, each for the next answer once it has one.
 *
 * @param request of `REQUESTS`
 * @returns how many answers there were; of 400 and above are all or none, as the request says
 * @throws where one was not
 */
export async function load (port, request, seconds) {
  const result = await tools[TOOL](port, request, seconds)
  if (result.errors > 0 || result.answers === 0 || result.refused !== (request.status < 400 ? 0 : result.answers)) {
    throw new Error(`${request.method} ${request.path}: expected ${request.status}, got ${JSON.stringify(result)}`)
  }
  return result.answers
}

async function wrk (port, { method, path, last = LAST_ID }, seconds) {
  const { stdout } = await run('wrk', [
    '-t', '1', '-c', CONNECTIONS, '-d', `${seconds}s`, '-s', script, `http://127.0.0.1:${port}`, '--', method, path, FIRST_ID, last
  ])
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

async function autocannon (port, { method, path, last = LAST_ID }, seconds) {
  const requests = Array.from({ length: last - FIRST_ID + 1 }, (_, i) => ({ method, path: path + (FIRST_ID + i) }))
  const cannon = createRequire(new URL('peers/package.json', import.meta.url))('autocannon')
  const result = await cannon({ url: `http://127.0.0.1:${port}`, connections: CONNECTIONS, duration: seconds, requests })
  return { answers: result['2xx'] + result.non2xx, refused: result.non2xx, errors: result.errors + result.timeouts }
}
