import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { type MethodNotAllowedProblem } from '../plugin/index.js'
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
  for (const plugin of [{}, { allow: async () => { throw new Error('no') } }]) {
    const lines: { level: number, msg: string }[] = []
    const app = build(t, { plugin, fastify: { logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } } } })
    app.get('/a', (_request, reply) => { reply.send('sent').sendMethodNotAllowed() })
    const reply = await app.inject('/a')
    t.equal(reply.payload, 'sent')
    t.strictSame(lines.map(({ level }) => level).sort(), [30, 30, 40])
  }
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

t.test("throw: the app's error handler gets an error with statusCode, code, allow and headers, and renders it; Allow is set either way", async t => {
  for (const constraints of [undefined, async () => ({})]) {
    const app = build(t, { routes: ['GET /users'], plugin: { throw: true, constraints } })
    app.get('/own', async (_request, reply) => reply.sendMethodNotAllowed(['put']))
    const seen: unknown[] = []
    app.setErrorHandler((error: Record<string, unknown>, _request, reply) => {
      const { message, statusCode, code, allow, headers } = error
      seen.push(error instanceof Error, { message, statusCode, code, allow: [...allow as string[]], headers });
      (allow as string[]).push('MINE') // it is the handler's
      return reply.code(error.statusCode as number).send(`mine: ${error.message}`)
    })
    const reply = await app.inject({ method: 'PUT', url: '/users' })
    t.strictSame([reply.statusCode, reply.headers.allow, reply.payload], [405, 'GET, HEAD', 'mine: This URL supports GET and HEAD.'])
    t.strictSame(seen, [true, {
      message: 'This URL supports GET and HEAD.',
      statusCode: 405,
      code: 'FST_ALLOWED_METHODS_METHOD_NOT_ALLOWED',
      allow: ['GET', 'HEAD'],
      headers: { allow: 'GET, HEAD' }
    }])
    t.equal((await app.inject('/own')).headers.allow, 'PUT', 'also by sendMethodNotAllowed')
    t.equal(seen.length, 4)
    t.equal((await app.inject({ method: 'PUT', url: '/nope' })).statusCode, 404)
    t.equal(seen.length, 4)
  }
})

t.test("throw: without an error handler of the app's, Fastify's answers", async t => {
  const lines: { msg: string, level: number }[] = []
  const app = build(t, { routes: ['GET /users'], plugin: { throw: true }, fastify: { logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } } } })
  const reply = await app.inject({ method: 'PUT', url: '/users' })
  t.strictSame(reply.json(), { statusCode: 405, code: 'FST_ALLOWED_METHODS_METHOD_NOT_ALLOWED', error: 'Method Not Allowed', message: 'This URL supports GET and HEAD.' })
  t.equal(reply.headers.allow, 'GET, HEAD')
  t.strictSame(lines.map(({ msg }) => msg), ['incoming request', 'This URL supports GET and HEAD.', 'request completed'])
})

t.test('throw: with notFound and notImplemented, the 404s and the 501s too', async t => {
  const app = build(t, { routes: ['GET /users'], plugin: { throw: true, notFound: true, notImplemented: true } })
  app.setErrorHandler((error: Error & { statusCode: number, code: string }, _request, reply) => reply.code(error.statusCode).send(`${error.code}: ${error.message}`))
  t.equal((await app.inject('/nope')).payload, 'FST_ALLOWED_METHODS_NOT_FOUND: This URL does not exist.')
  t.equal((await app.inject({ method: 'PUT', url: '/users' })).payload, 'FST_ALLOWED_METHODS_NOT_IMPLEMENTED: This service supports PUT at no URL.')
  t.equal((await app.inject('/nope')).statusCode, 404)
  t.equal((await app.inject({ method: 'PUT', url: '/users' })).statusCode, 501)
})

const takesTimeout = 'handlerTimeout' in Fastify({ handlerTimeout: 50 }).initialConfig
t.test("what Fastify's handlerTimeout answers stays so, though an onSend hook holds it until an option has settled", { skip: !takesTimeout && 'no option of this Fastify' }, async t => {
  const late = <T>(value: T) => new Promise<T>(resolve => { setTimeout(resolve, 50, value) })
  const fail = async () => { throw await late(new Error('late')) }
  for (const plugin of [{ allow: late }, { allow: () => late([]) }, { allow: fail }, { problem: late }, { problem: fail }]) {
    const app = build(t, { plugin, routes: ['GET /a'], fastify: { handlerTimeout: 20 } })
    app.get('/sold', (_request, reply) => { reply.sendMethodNotAllowed() })
    let sent = 0
    app.addHook('onSend', async (_request, _reply, payload) => {
      sent++
      return await late(payload)
    })
    app.setNotFoundHandler(() => { t.fail('a not-found handler was called') })
    for (const [method, url] of [['PUT', '/a'], ['GET', '/sold']] as const) {
      const reply = await app.inject({ method, url })
      await late(undefined)
      t.strictSame([reply.statusCode, reply.json().code, reply.headers['content-type']], [503, 'FST_ERR_HANDLER_TIMEOUT', 'application/json; charset=utf-8'], `${method} ${JSON.stringify(Object.keys(plugin))}`)
    }
    t.equal(sent, 2)
  }
})

t.test('a body that comes after the reply was sent is dropped, without a word', async t => {
  const lines: string[] = []
  for (const problem of [
    async (problem: MethodNotAllowedProblem) => { await new Promise(resolve => setTimeout(resolve, 20)); return problem },
    async () => { await new Promise(resolve => setTimeout(resolve, 20)); throw new Error('too late') }
  ]) {
    const app = build(t, { routes: ['GET /a'], plugin: { problem }, fastify: { logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line).msg) } } } } })
    app.addHook('onRequest', async (_request, reply) => { setTimeout(() => reply.code(503).send('too late'), 5) })
    const reply = await app.inject({ method: 'PUT', url: '/a' })
    t.equal(reply.statusCode, 503)
    await new Promise(resolve => setTimeout(resolve, 40))
  }
  t.strictSame(lines, ['incoming request', 'request completed', 'incoming request', 'request completed'])
})

t.test('a stream that the app has begun to send while an option was waited for is sent whole', async t => {
  const app = build(t, { plugin: { problem: async problem => sleep(30, problem) }, routes: ['GET /a'] })
  const chunks = async function * () {
    yield 'first'
    await sleep(60)
    yield 'second'
  }
  app.addHook('onRequest', (_request, reply, done) => {
    setTimeout(() => reply.send(Readable.from(chunks())), 5)
    done()
  })
  const { statusCode, payload } = await app.inject({ method: 'PUT', url: '/a' })
  t.strictSame([statusCode, payload], [200, 'firstsecond'])
})
