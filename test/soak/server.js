// The app under load, a process of its own. It speaks with run.js over IPC, and has to end by itself once it is closed.

import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import allowedMethods from 'fastify-allowed-methods'

const app = Fastify({ http: { maxHeaderSize: 64 * 1024 } })
const failures = []
const accepted = []

for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) {
  process.on(event, error => failures.push(`${event}: ${error?.stack ?? error}`))
}

app.register(allowedMethods)

app.get('/users', async () => 'users')
app.post('/users', async () => 'created')
app.get('/users/:id', async () => 'user')
app.delete('/users/:id', async () => 'deleted')
app.get('/files/*', async () => 'file')
app.put('/files/*', async () => 'stored')
app.get('/orders/:number(^\\d+$)', async () => 'order')
app.patch('/orders/:number(^\\d+$)', async () => 'changed')
app.get('/at/:hour(^\\d+)h-:minute(^\\d+)m', async () => 'time')
app.get('/versioned', { constraints: { version: '1.0.0' } }, async () => 'version 1')
app.get(`/many${Array.from({ length: 100 }, (_, i) => `/:p${i}`).join('')}`, async () => 'many')
app.get('/slow', async () => {
  await sleep(30)
  return 'slow'
})

app.register(async api => {
  api.register(allowedMethods, { constraints: async () => ({}) })
  api.setNotFoundHandler(async (_request, reply) => reply.code(404).send('no such thing'))
  api.post('/things/:id', async () => 'thing')
}, { prefix: '/api' })

const actions = {
  memory () {
    globalThis.gc()
    globalThis.gc()
    return { heap: process.memoryUsage().heapUsed, failures: failures.splice(0) }
  },
  record () {
    app.server.prependListener('request', request => accepted.push(request.headers['x-id']))
  },
  async close () {
    process.off('disconnect', process.exit)
    await app.close()
    await sleep(50) // sockets that have just closed are listed for one more turn of the event loop
    return { accepted, failures, handles: process.getActiveResourcesInfo().filter(name => !/^(Pipe|TTY)/.test(name)) }
  }
}

process.on('message', async action => {
  const answer = { [action]: await actions[action]() ?? true }
  process.send(answer, () => action === 'close' && process.disconnect())
})

process.on('disconnect', process.exit) // where run.js has ended before

await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
