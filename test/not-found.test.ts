import t from 'tap'
import { ask, build } from './helpers.js'

t.test('works after an onRequest hook that calls back, one that is async, and other preParsing hooks', async t => {
  const app = build(t, { routes: ['GET /users'] })
  app.addHook('onRequest', (_request, _reply, done) => { setImmediate(done) })
  app.addHook('onRequest', async () => {})
  app.addHook('preParsing', async (_request, _reply, payload) => payload)
  t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/nope'), 404)
})

t.test('with an async option: the 404, the 405 and an async onSend hook', async t => {
  const app = build(t, { routes: ['GET /users'], plugin: { constraints: async () => ({}) } })
  let sent = 0
  app.addHook('onSend', async (_request, _reply, payload) => {
    sent++
    await new Promise(resolve => setTimeout(resolve, 5))
    return payload
  })
  t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/nope'), 404)
  t.equal(await ask(app, 'GET', '/users'), 200)
  t.equal(sent, 3)
})

t.test("a hook that calls reply.callNotFound() gets the app's own 404, on a routed request and on one that is not", async t => {
  const app = build(t, { routes: ['GET /users'] })
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers.hide === undefined) done()
    else reply.callNotFound()
  })
  t.equal(await ask(app, 'GET', '/users', { hide: '1' }), 404)
  t.equal(await ask(app, 'PUT', '/users', { hide: '1' }), 404)
})

t.test('a scope with an error handler of its own gets the error', async t => {
  const app = build(t, { plugin: { constraints: () => { throw new Error('no secret') } } })
  app.register(async api => {
    api.setNotFoundHandler(async (_request, reply) => reply.code(404).send())
    api.setErrorHandler(async (error: Error, _request, reply) => reply.code(503).send(`api: ${error.message}`))
  }, { prefix: '/api' })
  const reply = await app.inject('/api/nope')
  t.equal(reply.payload, 'api: no secret')
})
