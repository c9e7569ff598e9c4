import type { FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { build, declare, hasOldRouter, routerOptions, strategy } from './helpers.js'

const recorded = (app: FastifyInstance) => Object.fromEntries([...app.methodsByUrl].map(([url, methods]) => [url, [...methods].sort().join(' ')]))

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
    '/v': hasOldRouter ? 'GET HEAD' : 'GET HEAD PUT',
    '/m': 'M-SEARCH'
  })
})

t.test('a colon that is no parameter', async t => {
  const app = build(t, { plugin: false, routes: ['GET /a::b', 'POST /x', 'POST /x::y', 'PUT /:id::z'] })
  await app.register(fastifyAllowedMethods)
  t.strictSame(recorded(app), { '/a::b': 'GET HEAD', '/x': 'POST', '/:id::z': 'PUT' }, 'nothing that hasRoute does not confirm')
})

t.test('routes that differ in the names of parameters alone', async t => {
  const routes = ['GET /:a', 'PUT /:b', 'POST /:a/:c(^x|y$)', 'PUT /:b/:d(^x|y$)', 'PUT /:e/f']
  const others = { '/:a': 'GET HEAD', '/:b': 'PUT', '/:a/:c(^x|y$)': 'POST', '/:b/:d(^x|y$)': 'PUT' }
  const before = build(t, { plugin: false, routes })
  await before.register(fastifyAllowedMethods)
  t.strictSame(recorded(before), { ...others, '/:b/f': 'PUT' }, 'of one method, as Fastify prints them, by the first name')
  const after = build(t, { plugin: false })
  await after.register(fastifyAllowedMethods)
  declare(after, ...routes)
  t.strictSame(recorded(after), { ...others, '/:e/f': 'PUT' })
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

t.test('what Fastify fails to print at once, as under a strategy in the place of its own whose values that one refuses', async t => {
  const version = {
    name: 'version',
    mustMatchWhenDerived: false,
    validate () {},
    storage () {
      const stored = new Map<unknown, never>()
      return {
        get: (value: unknown) => stored.get(value) ?? null,
        set: (values: unknown, store: never) => { for (const value of [values].flat()) stored.set(value, store) }
      }
    },
    deriveConstraint: ({ headers }: { headers: Record<string, unknown> }) => headers['x-version']
  }
  const warnings: string[] = []
  const app = build(t, {
    plugin: false,
    fastify: { ...routerOptions({ constraints: { version } }), logger: { level: 'warn', stream: { write: line => { warnings.push(line) } } } }
  })
  app.get('/a', { constraints: { version: ['1', '2'] } } as object, async () => 'a')
  await app.register(fastifyAllowedMethods)
  await app.ready()
  t.throws(() => app.printRoutes())
  t.strictSame(recorded(app), { '/a': 'GET HEAD' })
  t.equal(warnings.length, 1, 'the app is warned that the option constraints is missing')
})

t.test('what Fastify cannot print at all, such as constraints that JSON cannot express, fails nothing', async t => {
  const tenant = { ...strategy('tenant'), deriveConstraint: ({ headers }: { headers: Record<string, unknown> }) => headers['x-tenant'] && BigInt(headers['x-tenant'] as string) }
  const warnings: string[] = []
  const app = build(t, {
    plugin: false,
    fastify: { ...routerOptions({ constraints: { tenant } }), logger: { level: 'warn', stream: { write: line => { warnings.push(line) } } } }
  })
  app.get('/a', { constraints: { tenant: 1n } } as object, async () => 'a')
  declare(app, 'PUT /b')
  await app.register(fastifyAllowedMethods)
  await app.ready()
  t.throws(() => app.printRoutes({ method: 'GET' }))
  t.strictSame(recorded(app), { '/b': 'PUT' })
  t.equal((await app.inject({ method: 'POST', url: '/b' })).statusCode, 405)
  t.equal(warnings.length, 1, 'the app is warned that the option constraints is missing')
})
