import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import helper from 'fastify-cli/helper.js'
import t from 'tap'
import { checkRefusal, checkRefusedFetch, ORDERS } from './helpers.js'

const file = name => fileURLToPath(new URL(name, import.meta.url))
const cli = file('node_modules/fastify-cli/cli.js')
const app = file('fixtures/cli/app.js')

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** The app, started by the command `fastify start`; gives its address, and the process. */
async function start (t, order, ...args) {
  const port = await freePort()
  const child = spawn(process.execPath, [cli, 'start', '-a', '127.0.0.1', '-p', port, '-l', 'info', '--close-grace-delay', 20_000, ...args, app], { env: { ...process.env, ORDER: order }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  for await (const chunk of child.stdout) {
    if (`${chunk}`.includes('Server listening')) return [`http://127.0.0.1:${port}`, child]
  }
  throw new Error('fastify start ended')
}

t.test('fastify start: a 405 where a URL is routed for other methods, at the root and in --prefix, and a clean end', { timeout: 60_000 }, async t => {
  for (const order of ORDERS) {
    for (const prefix of ['', '/api']) {
      const [address, child] = await start(t, order, ...(prefix === '' ? [] : ['--prefix', prefix]))
      t.equal(await (await fetch(`${address}${prefix}/users`)).text(), 'users')
      await checkRefusedFetch(t, await fetch(`${address}${prefix}/users`, { method: 'PUT' }), 'GET, HEAD, POST')
      const missing = await fetch(`${address}${prefix}/nope`, { method: 'PUT' })
      t.strictSame([missing.status, (await missing.json()).message], [404, `Route PUT:${prefix}/nope not found`])
      child.stdout.resume()
      child.kill('SIGTERM')
      await once(child, 'exit')
      t.strictSame([child.exitCode, child.signalCode], [0, null])
    }
  }
})

t.test("fastify-cli's helper: the app's own hooks run for a 405 where it has a not-found handler", async t => {
  for (const order of ORDERS) {
    for (const own of [true, false]) {
      const fastify = await helper.build([app], { order, own })
      t.teardown(() => fastify.close())
      const reply = await fastify.inject({ method: 'PUT', url: '/users' })
      checkRefusal(t, reply, 'GET, HEAD, POST')
      t.equal('x-app' in reply.headers, own)
      t.equal('x-app' in (await fastify.inject('/nope')).headers, own, 'as for its 404')
    }
  }
})

t.test('fastify print-routes: the same with and without the plugin', async t => {
  const printed = []
  for (const order of [...ORDERS, 'never']) {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'print-routes', app], { env: { ...process.env, ORDER: order } })
    printed.push(stdout)
  }
  t.match(printed[0], 'users')
  t.strictSame(new Set(printed).size, 1)
})
