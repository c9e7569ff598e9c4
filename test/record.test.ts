import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { findWrongAnswers } from '../plugin/testing.js'
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

t.test('no route twice, though the router spells it otherwise', async t => {
  const app = build(t, { fastify: routerOptions({ caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }) })
  await app.after()
  declare(app, 'GET /o/:a?', 'GET /Users//:Id/', 'GET /:all?')
  await app.ready()
  t.strictSame(recorded(app), { '/o/:a?': 'GET HEAD', '/Users//:Id/': 'GET HEAD', '/:all?': 'GET HEAD' })
})

t.test('two routes that differ after a literal colon are two', async t => {
  const app = build(t, { plugin: false, routes: ['GET /x::b'] })
  await app.after()
  app.register(fastifyAllowedMethods)
  await app.after()
  declare(app, 'GET /x::c')
  await app.ready()
  t.strictSame(recorded(app), { '/x::b': 'GET HEAD', '/x::c': 'GET HEAD' })
})

t.test('no route twice in a strict app either, where an optional parameter stands before a slash', async t => {
  const app = build(t)
  await app.after()
  declare(app, 'GET /x/:y?/', 'PUT /z/:y?')
  await app.ready()
  t.strictSame(recorded(app), { '/x/:y?/': 'GET HEAD', '/z/:y?': 'PUT' })
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('a route from before the plugin is not taken for one from after it that begins alike', async t => {
  const [before, after] = [['/a/:id/b', '/f/:name.txt', '/r/:from-a'], ['/a/:id/c', '/f/:name.pdf', '/r/:from-b']] as const
  const app = build(t, { plugin: false, routes: before.map(url => `PUT ${url}`) })
  await app.register(fastifyAllowedMethods)
  declare(app, ...after.map(url => `PUT ${url}`))
  await app.ready()
  t.strictSame([...app.methodsByUrl.keys()].sort(), [...before, ...after].sort())
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
  t.throws(() => map.get('/users')?.clear(), { message })
  t.throws(() => Object.assign(app, { methodsByUrl: new Map() }), TypeError)
})

t.test('a route whose constraints are null has none, as for Fastify', async t => {
  const app = build(t)
  app.register(async api => { api.all('/a', { constraints: null as never }, async () => 'a') })
  await app.ready()
  t.strictSame(recorded(app), { '/a': [...app.supportedMethods].sort().join(' ') })
})

t.test('may be asked for before the app is ready, and is complete when it is', async t => {
  const app = build(t)
  await app.after()
  t.strictSame(recorded(app), {})
  app.register(async api => { declare(api, 'GET /') }, { prefix: '/api' })
  await app.ready()
  t.strictSame(recorded(app), { '/api': 'GET HEAD', '/api/': 'GET HEAD' })
})

t.test('once the app is ready, the routes are read once, method by method', async t => {
  const app = build(t, { routes: ['GET /users'] })
  await app.ready()
  const { printRoutes } = app
  let reads = 0
  app.printRoutes = options => {
    reads++
    return printRoutes.call(app, options)
  }
  for (let times = 0; times < 3; times++) t.equal(app.methodsByUrl.size, 1)
  t.equal(reads, app.supportedMethods.length)
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
