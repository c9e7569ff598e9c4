import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { toAllow } from '../plugin/reply.js'
import { build, declare } from './helpers.js'

t.test('toAllow', async t => {
  t.equal(toAllow([]), '')
  t.equal(toAllow(['GET']), 'GET')
  t.equal(toAllow(['DELETE', 'GET']), 'DELETE, GET')
})

t.test("the app's reply serializer and preSerialization hooks do not touch the body", async t => {
  const app = build(t, { routes: ['GET /users'] })
  app.setReplySerializer(() => 'serialized')
  app.addHook('preSerialization', async (_request, _reply, payload) => ({ envelope: payload }))
  const reply = await app.inject({ method: 'PUT', url: '/users' })
  t.equal(reply.headers['content-type'], 'application/problem+json')
  t.strictSame(reply.json().allow, ['GET', 'HEAD'])
})

t.test('an onSend hook may change the body', async t => {
  const app = build(t, { routes: ['GET /users'] })
  app.addHook('onSend', async (_request, _reply, payload) => {
    t.type(payload, 'string')
    return String(payload).toUpperCase()
  })
  const reply = await app.inject({ method: 'PUT', url: '/users' })
  t.match(reply.payload, /"TITLE":"METHOD NOT ALLOWED"/)
  t.equal(reply.headers['content-length'], String(reply.rawPayload.length))
})

t.test("an onSend hook that fails hands over to the app's error handler, whatever that sends", async t => {
  for (const payload of [{ oops: true }, 'oops', undefined]) {
    const app = build(t, { routes: ['GET /users'] })
    let failed = false
    app.addHook('onSend', async () => {
      if (!failed) {
        failed = true
        throw new Error('cannot send')
      }
    })
    app.setErrorHandler((error: Error, _request, reply) => { reply.code(503).send(payload ?? error) })
    const reply = await app.inject({ method: 'PUT', url: '/users' })
    t.equal(reply.statusCode, 503)
    t.equal(reply.payload, typeof payload === 'string' ? payload : JSON.stringify(payload ?? { statusCode: 503, error: 'Service Unavailable', message: 'cannot send' }))
  }
})

t.test('what an error handler sends after such a hook is serialized as ever', async t => {
  const app = build(t)
  let failed = false
  app.addHook('onSend', async () => {
    if (failed) return
    failed = true
    throw new Error('cannot send')
  })
  const response = { 500: { type: 'object', properties: { ok: { type: 'boolean' } } } }
  app.get('/a', { schema: { response } }, async (_request, reply) => reply.sendMethodNotAllowed())
  app.setErrorHandler((_error, _request, reply) => { reply.code(500).send({ ok: false, secret: 'x' }) })
  const reply = await app.inject('/a')
  t.equal(reply.payload, '{"ok":false}')
  t.match(reply.headers['content-type'], /^application\/.*json/)
})

t.test('a reply that was sent is left as it is, and Fastify warns', async t => {
  const lines: { level: number, msg: string }[] = []
  const app = build(t, { fastify: { logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } } } })
  app.get('/a', (_request, reply) => { reply.send('sent').sendMethodNotAllowed() })
  const reply = await app.inject('/a')
  t.equal(reply.payload, 'sent')
  t.strictSame(lines.map(({ level }) => level).sort(), [30, 30, 40])
})

t.test('the log line is left out where the app logs no requests', async t => {
  const cases: [string, unknown, number][] = [
    ['false', false, 1],
    ['true', true, 0],
    ['a function that says true', (request: { url: string }) => request.url === '/users', 0],
    ['a function that says false', () => false, 1]
  ]
  for (const [title, disableRequestLogging, expected] of cases) {
    const options = { disableRequestLogging } as object
    t.test(title, { skip: !isTaken(options) && 'no option of this Fastify' }, async t => {
      const lines: string[] = []
      const app = Fastify({ ...options, logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line).msg) } } } }) as FastifyInstance
      t.teardown(() => app.close())
      app.register(fastifyAllowedMethods)
      declare(app, 'GET /users')
      await app.inject({ method: 'PUT', url: '/users' })
      t.equal(lines.filter(line => line === 'Route PUT:/users not allowed').length, expected)
    })
  }
})

/** Fastify 5.0.0 takes no function there, and 6 has no such option. */
function isTaken (options: object): boolean {
  try {
    return 'disableRequestLogging' in Fastify(options).initialConfig
  } catch {
    return false
  }
}
