import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { ask, build, declare } from './helpers.js'

const typeOf = async (app: FastifyInstance, url: string): Promise<string> => (await app.inject({ method: 'PUT', url })).json().type

t.test('registered again in a prefixed scope, it overrides the options for that prefix', async t => {
  const app = build(t, { routes: ['GET /users'], plugin: { type: '/root' } })
  app.register(async api => {
    await api.register(fastifyAllowedMethods, { type: '/api' })
    declare(api, 'GET /users')
    api.get('/archived', async (_request, reply) => reply.sendMethodNotAllowed([]))
    api.register(async v2 => {
      v2.register(fastifyAllowedMethods, { type: '/v2' })
      declare(v2, 'GET /users')
    }, { prefix: '/v2' })
    api.register(async other => declare(other, 'GET /users'), { prefix: '/other' })
  }, { prefix: '/api' })
  app.register(async apis => declare(apis, 'GET /users'), { prefix: '/apis' })
  t.equal(await typeOf(app, '/users'), '/root')
  t.equal(await typeOf(app, '/api/users?a'), '/api')
  t.equal(await typeOf(app, '/%61pi/users'), '/api')
  t.equal(await typeOf(app, '/api/v2/users'), '/v2')
  t.equal(await typeOf(app, '/api/other/users'), '/api')
  t.equal(await typeOf(app, '/apis/users'), '/root')
  t.equal((await app.inject('/api/archived')).json().type, '/api', 'also for reply.sendMethodNotAllowed')
})

t.test('an overridden option decides what is known in that prefix alone', async t => {
  const app = build(t, { routes: ['GET /*'] })
  app.register(async tenant => { tenant.register(fastifyAllowedMethods, { catchAll: true }) }, { prefix: '/:tenant/api/' })
  t.equal(await ask(app, 'PUT', '/acme/api/x'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/acme/apis/x'), 404)
  t.equal(await ask(app, 'PUT', '//api/x'), 404)
  t.strictSame(app.allowedMethods('/acme/api/x'), ['GET', 'HEAD'])
  t.strictSame(app.allowedMethods('/%zz'), [])
})

t.test("registering again leaves the app's own 404 as it is", async t => {
  const app = build(t)
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
  app.register(async api => {
    api.addHook('onRequest', async (_request, reply) => { reply.header('x-api', '1') })
    await api.register(fastifyAllowedMethods, { type: '/api' })
    declare(api, 'GET /users')
  }, { prefix: '/api' })
  const reply = await app.inject('/api/nope')
  t.equal(reply.payload, 'mine')
  t.notOk('x-api' in reply.headers)
  t.equal(await typeOf(app, '/api/users'), '/api')
})

t.test("a prefixed scope's own not-found handler may be set before or after it registers again", async t => {
  for (const when of ['before', 'after', 'after, awaited']) {
    const app = build(t, { plugin: { type: '/root' } })
    app.register(async api => {
      const set = () => api.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
      if (when === 'before') set()
      const plugin = api.register(fastifyAllowedMethods, { type: '/api' })
      if (when === 'after, awaited') await plugin
      if (when !== 'before') set()
      declare(api, 'GET /users')
    }, { prefix: '/api' })
    t.equal((await app.inject('/api/nope')).payload, 'mine', when)
    t.equal(await typeOf(app, '/api/users'), '/api', when)
  }
})

t.test('in one scope the last registration wins, and nothing answers twice', async t => {
  const app = build(t, { routes: ['GET /users'], plugin: { type: '/first', catchAll: true } })
  let replies = 0
  app.addHook('onSend', async () => { replies++ })
  app.register(fastifyAllowedMethods, { type: '/second' })
  app.register(async child => { child.register(fastifyAllowedMethods, { type: '/third' }) })
  t.equal(await typeOf(app, '/users'), '/third', 'a scope without a prefix of its own is one with the scope around it')
  t.equal(replies, 1)
})

t.test('registered in a scope without a prefix, it serves all of its URLs, whoever set the not-found handler', async t => {
  const mine = (app: FastifyInstance) => app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
  for (const owner of ['nobody', 'app', 'app, later', 'child'] as const) {
    const app = build(t, { plugin: false, routes: ['GET /users'] })
    if (owner === 'app') mine(app)
    await app.register(async child => {
      if (owner === 'child') mine(child)
      child.register(fastifyAllowedMethods)
      declare(child, 'POST /users')
    })
    if (owner === 'app, later') mine(app)
    t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD, POST', owner)
    const reply = await app.inject('/nope')
    t.equal(reply.payload, owner === 'nobody' ? '{"message":"Route GET:/nope not found","error":"Not Found","statusCode":404}' : 'mine')
  }
})

t.test('registered in a prefixed scope alone, it gives the scope a not-found lifecycle with the hooks of the scope', async t => {
  for (const own of [false, true]) {
    const app = build(t, { plugin: false, routes: ['GET /users'] })
    app.register(async api => {
      if (own) api.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
      api.register(fastifyAllowedMethods, { type: '/api' })
      api.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization === undefined) return reply.code(401).send()
      })
      declare(api, 'GET /users')
    }, { prefix: '/api' })
    t.equal(await ask(app, 'PUT', '/users'), 404, 'outside')
    t.equal(await ask(app, 'PUT', '/api/users'), 401)
    t.equal(await ask(app, 'PUT', '/api/users', { authorization: 'me' }), 'GET, HEAD')
    const reply = await app.inject({ url: '/api/nope', headers: { authorization: 'me' } })
    t.equal(reply.payload, own ? 'mine' : '{"message":"Route GET:/api/nope not found","error":"Not Found","statusCode":404}')
  }
})

t.test('registered in a prefixed scope, then outside it, each answers for its own', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  let asked = 0
  app.register(async api => {
    api.register(fastifyAllowedMethods, { type: '/api', constraints: () => { asked++; return {} } })
    declare(api, 'GET /users')
  }, { prefix: '/api' })
  app.register(fastifyAllowedMethods, { type: '/root' })
  declare(app, 'GET /users')
  t.equal(await typeOf(app, '/api/users'), '/api')
  t.equal(await typeOf(app, '/users'), '/root')
  t.equal(await ask(app, 'PUT', '/api/nope'), 404)
  t.equal(asked, 2, 'a 404 is checked once as well')
})

t.test('an app without options of its own keeps what setNotFoundHandler was given at the root', async t => {
  const app = build(t, { plugin: false, routes: ['GET /users'] })
  const preHandler = async (_request: unknown, reply: { header (name: string, value: string): unknown }) => { reply.header('x-limited', '1') }
  // @ts-expect-error -- Fastify takes options without a handler, its types do not
  app.setNotFoundHandler({ preHandler })
  app.register(fastifyAllowedMethods)
  t.equal((await app.inject('/nope')).headers['x-limited'], '1')
  t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
})
