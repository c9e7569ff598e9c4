import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { build, declare, routerOptions } from './helpers.js'

const recorded = (app: FastifyInstance) => Object.fromEntries([...app.methodsByUrl].map(([url, methods]) => [url, [...methods].sort().join(' ')]))

t.test('each route pattern to its methods, whenever the route was declared and wherever', async t => {
  const app = build(t, { plugin: false, routes: ['GET /users', 'GET /users/:id'] })
  app.register(async child => declare(child, 'POST /users'))
  await app.register(fastifyAllowedMethods)
  app.route({ method: ['PUT', 'PATCH'], url: '/users/:id', handler: async () => 'id' })
  app.register(async api => declare(api, 'GET /', 'GET /x'), { prefix: '/api' })
  await app.ready()
  t.strictSame(recorded(app), {
    '/users': 'GET HEAD POST', '/users/:id': 'GET HEAD PATCH PUT', '/api': 'GET HEAD', '/api/': 'GET HEAD', '/api/x': 'GET HEAD'
  })
})

t.test('patterns of every kind that were declared before the plugin', async t => {
  const routes = [
    'GET /:a', 'GET /:a/b', 'GET /:id(^\\d+$)', 'GET /f/:name.:ext', 'GET /w/*', 'PUT /*', 'OPTIONS *', 'GET /é', 'DELETE /%25', 'GET /'
  ]
  const app = build(t, { plugin: false, routes })
  app.get('/a b (GET)', async () => 'a b')
  app.get('/v', { constraints: { version: '1.0.0' } }, async () => 'v')
  app.put('/v', { constraints: { host: /^a\/b$/i, version: '2.0.0' } }, async () => 'v')
  app.addHttpMethod('M-SEARCH')
  declare(app, 'M-SEARCH /m')
  await app.register(fastifyAllowedMethods)
  t.strictSame(recorded(app), {
    '/:a': 'GET HEAD',
    '/:a/b': 'GET HEAD',
    '/:id(^\\d+$)': 'GET HEAD',
    '/f/:name.:ext': 'GET HEAD',
    '/w/*': 'GET HEAD',
    '/*': 'PUT',
    '*': 'OPTIONS',
    '/a b (GET)': 'GET HEAD',
    '/é': 'GET HEAD',
    '/%25': 'DELETE',
    '/': 'GET HEAD',
    '/v': 'GET HEAD PUT',
    '/m': 'M-SEARCH'
  })
})

t.test('a colon that is no parameter', async t => {
  const app = build(t, { plugin: false, routes: ['GET /a::b', 'POST /x', 'POST /x::y', 'PUT /:id::z'] })
  await app.register(fastifyAllowedMethods)
  t.strictSame(recorded(app), { '/a::b': 'GET HEAD', '/x': 'POST', '/:id::z': 'PUT' }, 'nothing that hasRoute does not confirm')
})

t.test('no route twice, though the router spells it otherwise', async t => {
  const app = build(t, { fastify: routerOptions({ caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }) })
  await app.after()
  declare(app, 'GET /o/:a?', 'GET /Users//:Id/', 'GET /:all?')
  await app.ready()
  t.strictSame(recorded(app), { '/o/:a?': 'GET HEAD', '/Users//:Id/': 'GET HEAD', '/:all?': 'GET HEAD' })
})

t.test('routes that differ in the names of parameters alone', async t => {
  const routes = ['GET /:a', 'PUT /:b', 'POST /:a/:c(^x|y$)', 'PUT /:b/:d(^x|y$)']
  const before = build(t, { plugin: false, routes })
  await before.register(fastifyAllowedMethods)
  t.strictSame(recorded(before), { '/:a': 'GET HEAD PUT', '/:a/:c(^x|y$)': 'POST PUT' }, 'as Fastify prints them, by the first name')
  const after = build(t, { plugin: false })
  await after.register(fastifyAllowedMethods)
  declare(after, ...routes)
  t.strictSame(recorded(after), { '/:a': 'GET HEAD', '/:b': 'PUT', '/:a/:c(^x|y$)': 'POST', '/:b/:d(^x|y$)': 'PUT' })
})

t.test('what cannot be read back from the drawing is left out, and fails nothing', async t => {
  const app = build(t, { plugin: false, routes: ['GET /b'] })
  app.addConstraintStrategy({
    name: 'path',
    storage: () => ({ get: () => null, set: () => {} }),
    validate () {},
    deriveConstraint: () => 'x',
    mustMatchWhenDerived: false
  } as never)
  await app.after()
  app.get('/like-a-regexp', { constraints: { path: '/v1/' } }, async () => 'a')
  app.get('/no-regexp', { constraints: { path: '/(/' } }, async () => 'a')
  app.get('/number', { constraints: { path: () => 1 } }, async () => 'a')
  app.get('/a (GET) {b}x', async () => 'a')
  app.get('/a (GET) {b}y', async () => 'a')
  await app.register(fastifyAllowedMethods)
  t.strictSame(recorded(app), { '/b': 'GET HEAD', '/like-a-regexp': 'GET HEAD', '/no-regexp': 'GET HEAD' })
})

t.test('an app without routes', async t => {
  const app = build(t)
  await app.ready()
  t.strictSame(recorded(app), {})
})

t.test('is a Map of Sets that cannot be changed, and stays the same', async t => {
  const app = build(t, { routes: ['GET /users'] })
  await app.ready()
  const map = app.methodsByUrl as Map<string, Set<string>>
  t.ok(map instanceof Map && map.get('/users') instanceof Set)
  t.equal(app.methodsByUrl, map)
  const message = 'methodsByUrl is read-only'
  t.throws(() => map.set('/a', new Set()), { message })
  t.throws(() => map.delete('/users'), { message })
  t.throws(() => map.clear(), { message })
  t.throws(() => map.get('/users')?.add('PUT'), { message })
  t.throws(() => map.get('/users')?.delete('GET'), { message })
  t.throws(() => Object.assign(app, { methodsByUrl: new Map() }), TypeError)
})

t.test('may be asked for before the app is ready, and is complete when it is', async t => {
  const app = build(t)
  await app.after()
  t.strictSame(recorded(app), {})
  app.register(async api => { declare(api, 'GET /') }, { prefix: '/api' })
  await app.ready()
  t.strictSame(recorded(app), { '/api': 'GET HEAD', '/api/': 'GET HEAD' })
})

t.test('does not decide an answer: a route that it missed is found', async t => {
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  declare(app, 'GET /a', 'GET /a::b')
  app.register(fastifyAllowedMethods)
  await app.ready()
  t.strictSame(Object.keys(recorded(app)), ['/a'])
  t.equal((await app.inject({ method: 'PUT', url: '/a:b' })).headers.allow, 'GET, HEAD')
})
