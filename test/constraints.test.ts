import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions } from '../plugin/index.js'
import { ask, declare, routerOptions, strategy } from './helpers.js'

/** GET for secret a, POST for secret b, DELETE for everyone. */
function build (t: Test, constraints?: FastifyAllowedMethodsOptions['constraints'], options: { isAsync?: boolean, log?: string[] } = {}): FastifyInstance {
  const logger = options.log && { level: 'warn', stream: { write: (line: string) => { options.log?.push(JSON.parse(line).msg) } } }
  const app: FastifyInstance = Fastify({ logger, ...routerOptions({ constraints: { secret: strategy('secret', options.isAsync) } }) })
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, { constraints })
  app.get('/a', { constraints: { secret: 'a' } }, async () => 'a')
  app.post('/a', { constraints: { secret: 'b' } }, async () => 'b')
  declare(app, 'DELETE /a')
  app.put('/only', { constraints: { secret: 'a' } }, async () => 'only')
  return app
}

t.test('the option gives the values of custom constraints, synchronous or asynchronous', async t => {
  for (const isAsync of [false, true]) {
    const app = build(t, isAsync
      ? async request => ({ secret: request.headers['x-secret'] })
      : request => ({ secret: request.headers['x-secret'] }), { isAsync })
    app.put('/a', async (_request, reply) => reply.sendMethodNotAllowed())
    t.equal(await ask(app, 'PATCH', '/a', { 'x-secret': 'a' }), 'DELETE, GET, HEAD, PUT')
    t.equal(await ask(app, 'PATCH', '/a', { 'x-secret': 'b' }), 'DELETE, POST, PUT')
    t.equal(await ask(app, 'PATCH', '/a'), 'DELETE, PUT')
    t.equal(await ask(app, 'PATCH', '/only', { 'x-secret': 'a' }), 'PUT')
    t.equal(await ask(app, 'PATCH', '/only', { 'x-secret': 'b' }), 404)
    t.equal(await ask(app, 'GET', '/a', { 'x-secret': 'a' }), 200)
    t.equal(await ask(app, 'PUT', '/a', { 'x-secret': 'a' }), 'DELETE, GET, HEAD', 'as for a route that refuses its method')
  }
})

t.test('a value of a strategy that the app does not use is left out', async t => {
  const app = build(t, request => ({ secret: request.headers['x-secret'], version: '1.0.0', colour: 'blue' }))
  t.equal(await ask(app, 'PATCH', '/a', { 'x-secret': 'a', 'accept-version': '1.0.0' }), 'DELETE, GET, HEAD')
})

t.test('the option may replace the version and host that are derived, as an app may replace their strategies', async t => {
  const app: FastifyInstance = Fastify(routerOptions({ constraints: { version: { ...strategy('version'), mustMatchWhenDerived: true } } }))
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, { constraints: request => ({ version: request.headers['x-version'] }) })
  app.get('/a', { constraints: { version: 'blue' } }, async () => 'blue')
  t.equal(await ask(app, 'PATCH', '/a', { 'x-version': 'blue' }), 'GET, HEAD')
  t.equal(await ask(app, 'PATCH', '/a', { 'accept-version': 'blue' }), 404)
})

t.test("an error of the option goes to the app's error handler, once, and nothing hangs", async t => {
  const failing: FastifyAllowedMethodsOptions['constraints'][] = [
    () => { throw new Error('no secret') },
    async () => { throw new Error('no secret') }
  ]
  for (const constraints of failing) {
    const app = build(t, constraints)
    const errors: string[] = []
    app.setErrorHandler((error: Error, _request, reply) => {
      errors.push(error.message)
      reply.code(503).send({ oops: true })
    })
    const reply = await app.inject({ method: 'PATCH', url: '/a', payload: {} })
    t.equal(reply.statusCode, 503)
    t.strictSame(reply.json(), { oops: true })
    t.strictSame(errors, ['no secret'])
    t.equal(await ask(app, 'DELETE', '/a'), 200, 'a routed request does not ask it')
  }
})

t.test('what it throws that is no error is made one, in the hook and for reply.sendMethodNotAllowed', async t => {
  const sync = (thrown: unknown) => () => { throw thrown }
  const async = (thrown: unknown) => () => Promise.reject(thrown)
  for (const [thrown, shown] of [[undefined, 'undefined'], ['oops', "'oops'"], [{ statusCode: 418 }, '{ statusCode: 418 }']] as const) {
    for (const failing of [sync, async]) {
      const app = build(t, failing(thrown))
      app.get('/state', (_request, reply) => { setImmediate(() => reply.sendMethodNotAllowed()) })
      for (const [method, url] of [['PATCH', '/a'], ['GET', '/state']] as const) {
        const reply = await app.inject({ method, url })
        t.equal(reply.statusCode, 500)
        t.equal(reply.json().message, `option 'constraints' must throw errors, threw ${shown}`)
      }
    }
  }
})

t.test('values that say a method is routed which the router did not take: a 404, since Allow would name it', async t => {
  const app = build(t, () => ({ secret: 'a' }))
  t.equal(await ask(app, 'PUT', '/only', { 'x-secret': 'b' }), 404)
})

t.test('a reply that was sent while the option was still waiting is left as it is, without a word', async t => {
  const lines: string[] = []
  const logger = { stream: { write: (line: string) => { lines.push(JSON.parse(line).msg) } } }
  const app = Fastify({ logger })
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, {
    constraints: async () => {
      await new Promise(resolve => setTimeout(resolve, 20))
      return {}
    }
  })
  app.addHook('onRequest', async (_request, reply) => { setTimeout(() => reply.code(503).send('too late'), 5) })
  app.get('/a', async () => 'a')
  const reply = await app.inject({ method: 'PUT', url: '/a' })
  t.equal(reply.statusCode, 503)
  await new Promise(resolve => setTimeout(resolve, 40))
  t.strictSame(lines, ['incoming request', 'request completed'])
})

t.test('a result that is no object is refused, naming the option', async t => {
  for (const [result, shown] of [[undefined, 'undefined'], [null, 'null'], ['a', "'a'"], [[], '[]'], [new Map(), 'Map(0) {}'], [async () => 5, '5']]) {
    const app = build(t, (typeof result === 'function' ? result : () => result) as never)
    const reply = await app.inject({ method: 'PATCH', url: '/a' })
    t.equal(reply.statusCode, 500)
    t.equal(reply.json().code, 'FST_ALLOWED_METHODS_INVALID_OPTION')
    t.equal(reply.json().message, `option 'constraints' must return an object, got ${shown}`)
  }
})

t.test('a warning at start, once, where custom constraints are used and the option is missing', async t => {
  const warnings = async (constraints?: FastifyAllowedMethodsOptions['constraints']) => {
    const log: string[] = []
    await build(t, constraints, { log }).ready()
    return log
  }
  t.strictSame(await warnings(), [
    'fastify-allowed-methods: only the app knows the values of its custom constraints (secret); ' +
      "give the option 'constraints', or Allow leaves out what routes under them take"
  ])
  t.strictSame(await warnings(() => ({})), [])

  const warningsOfUnused = async (mustMatchWhenDerived: boolean) => {
    const log: string[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => { log.push(line) } } }
    const app = Fastify({ logger, ...routerOptions({ constraints: { secret: { ...strategy('secret'), mustMatchWhenDerived } } }) })
    t.teardown(() => app.close())
    app.register(fastifyAllowedMethods)
    app.get('/a', async () => 'a')
    await app.ready()
    return log.length
  }
  t.equal(await warningsOfUnused(false), 0, 'a strategy that no route uses decides nothing')
  t.equal(await warningsOfUnused(true), 1, 'unless it must match whenever a request has a value')

  const blind = Fastify(routerOptions({ constraints: { secret: { ...strategy('secret'), mustMatchWhenDerived: true } } })) as FastifyInstance
  t.teardown(() => blind.close())
  blind.register(fastifyAllowedMethods)
  declare(blind, 'GET /a')
  for (let times = 0; times < 3; times++) t.equal(await ask(blind, 'GET', '/a', { 'x-secret': 'a' }), 404, 'and a method that is not taken is not listed')

  const inner: string[] = []
  const outside = build(t, undefined, { log: inner })
  outside.register(async api => { api.register(fastifyAllowedMethods, { constraints: () => ({}) }) }, { prefix: '/api' })
  await outside.ready()
  t.equal(inner.length, 1, 'also where only a prefix has the option')

  const log: string[] = []
  const app: FastifyInstance = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { log.push(JSON.parse(line).msg) } } } })
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods)
  app.addConstraintStrategy(strategy('colour') as never)
  await app.after()
  app.get('/v', { constraints: { version: '1.0.0', host: 'a.example' } }, async () => 'v')
  app.get('/c', { constraints: { colour: 'blue' } }, async () => 'c')
  await app.ready()
  t.equal(log.length, 1, 'also for a strategy that was added later')
  t.match(log[0], /constraints \(colour\);/)
})
