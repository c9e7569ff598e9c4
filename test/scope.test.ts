import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { settingsFor } from '../plugin/scope.js'
import { ask, build, declare, exchange, installed, routerOptions, strategy } from './helpers.js'

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
  t.equal(await ask(app, 'PUT', '//api/x'), 'GET, HEAD', 'a parameter may be empty')
  t.equal(await ask(app, 'PUT', '/acme'), 404)
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
  const app = build(t, { routes: ['GET /users', 'GET /*'], plugin: { type: '/first', catchAll: true } })
  let replies = 0
  app.addHook('onSend', async () => { replies++ })
  app.register(fastifyAllowedMethods, { type: '/second' })
  app.register(async child => { child.register(fastifyAllowedMethods, { type: '/third' }) })
  t.equal(await typeOf(app, '/users'), '/third', 'a scope without a prefix of its own is one with the scope around it')
  t.equal(replies, 1)
  t.equal(await ask(app, 'PUT', '/nope'), 404, 'what the first one gave is gone')
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

t.test('registered in a prefixed scope alone, it serves that prefix, and leaves every 404 as it is', async t => {
  for (const prefix of ['/api', '/api/', '/:version/']) {
    const app = build(t, { plugin: false, routes: ['GET /'] })
    app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
    app.register(async api => {
      api.addHook('onRequest', async (_request, reply) => { reply.header('x-api', '1') })
      api.register(fastifyAllowedMethods, { type: '/api' })
      declare(api, 'GET /users')
    }, { prefix })
    t.equal(await ask(app, 'PUT', '/'), 404, 'outside')
    t.equal(await typeOf(app, '/api/users'), '/api')
    const reply = await app.inject('/api/nope')
    t.strictSame([reply.payload, 'x-api' in reply.headers], ['mine', false], prefix)
  }
})

t.test('a 405 runs the hooks that the 404 would run: those of a prefixed scope where it has a not-found handler', async t => {
  for (const own of [true, false]) {
    const app = build(t)
    app.register(async api => {
      api.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization === undefined) return reply.code(401).send()
      })
      // @ts-expect-error -- Fastify's documentation gives this call, its types want a handler
      if (own) api.setNotFoundHandler()
      declare(api, 'GET /users')
    }, { prefix: '/api' })
    t.equal(await ask(app, 'GET', '/api/nope'), own ? 401 : 404)
    t.equal(await ask(app, 'PUT', '/api/users'), own ? 401 : 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/api/users', { authorization: 'me' }), 'GET, HEAD')
  }
})

t.test('it may be registered wherever an app starts without it', async t => {
  const mine = async (_request: unknown, reply: FastifyReply) => reply.code(404).send('mine')
  const app = build(t, { plugin: false })
  app.register(async a => {
    a.register(fastifyAllowedMethods, { type: '/a' })
    declare(a, 'GET /a')
  }, { prefix: '/api' })
  app.register(async b => {
    b.register(fastifyAllowedMethods, { type: '/b' })
    declare(b, 'GET /b')
  }, { prefix: '/api' })
  app.register(async c => {
    c.setNotFoundHandler(mine)
    declare(c, 'GET /c')
  }, { prefix: '/api' })
  app.register(async other => {
    // @ts-expect-error -- Fastify's documentation gives this call, its types want a handler
    other.setNotFoundHandler()
    await other.register(fastifyAllowedMethods)
    other.register(async inner => {
      await inner.register(fastifyAllowedMethods)
      inner.setNotFoundHandler(mine)
    }, { prefix: '/inner' })
  }, { prefix: '/other' })
  t.equal(await typeOf(app, '/api/a'), '/b', 'the last registration for a prefix wins')
  t.equal(await typeOf(app, '/api/c'), '/b')
  t.equal((await app.inject('/api/nope')).payload, 'mine')
  t.equal((await app.inject('/other/inner/nope')).payload, 'mine')
})

t.test('the most specific prefix decides, in whatever order; options that it does not give come from around it', async t => {
  const app = build(t, { routes: ['GET /*', 'GET /a/b/x', 'GET /a/x', 'GET /t/x', 'GET /t/c/x'], plugin: { type: '/root', catchAll: true } })
  const prefixes = { '/a/b': { type: '/a/b' }, '/a': { type: '/a' }, '/:t': { type: '/:t', catchAll: false }, '/:t/c': {}, '/:t/b/x': { type: '/:t/b/x' } }
  for (const [prefix, options] of Object.entries(prefixes)) {
    app.register(async scope => { scope.register(fastifyAllowedMethods, options) }, { prefix })
  }
  t.equal(await typeOf(app, '/a/b/x'), '/a/b')
  t.equal(await typeOf(app, '/a/x'), '/a')
  t.equal(await typeOf(app, '/t/x'), '/:t')
  t.equal(await typeOf(app, '/t/c/x'), '/:t')
  t.equal(await ask(app, 'PUT', '//'), 404, 'a parameter may be empty')
  t.equal(await ask(app, 'PUT', '/t/nope'), 404)
})

t.test('options of a prefix do not reach another that is not within it', async t => {
  const app = build(t, { routes: ['GET /admin/y', 'GET /acme/y', 'GET /v1/y', 'GET /w/y'], plugin: { type: '/root' } })
  const fail = () => { throw new Error('no tenant') }
  for (const [prefix, options] of [['/:tenant', { constraints: fail }], ['/admin', {}], ['/v:version', { type: '/v', constraints: () => ({}) }]] as const) {
    app.register(async scope => { scope.register(fastifyAllowedMethods, options) }, { prefix })
  }
  t.equal(await typeOf(app, '/admin/y'), '/root')
  t.equal(await ask(app, 'PUT', '/acme/y'), 500)
  t.equal(await ask(app, 'PUT', '/w/y'), 500)
})

t.test('a prefix may end in a slash: within it and around it all is as without', async t => {
  for (const prefix of ['/api', '/api/']) {
    const app = build(t, { routes: ['GET /api'], plugin: { type: '/root' } })
    app.register(async api => {
      api.register(fastifyAllowedMethods, { type: '/api', allow: methods => methods.filter(method => method !== 'DELETE') })
      for (const inner of ['/v1', '/:tenant/']) {
        api.register(async scope => {
          scope.register(fastifyAllowedMethods, { type: inner })
          declare(scope, 'GET /users', 'DELETE /users')
        }, { prefix: inner })
      }
    }, { prefix })
    for (const [inner, type] of [['v1', '/v1'], ['acme', '/:tenant/']]) {
      t.equal(await typeOf(app, `/api/${inner}/users`), type, prefix)
      t.equal(await ask(app, 'PUT', `/api/${inner}/users`), 'GET, HEAD')
    }
    t.equal(await typeOf(app, '/api'), prefix === '/api' ? '/api' : '/root')
  }
})

t.test('of two prefixes that differ in a last slash alone, each has its own URLs, in whatever order', async t => {
  for (const prefixes of [['/api', '/api/'], ['/api/', '/api']]) {
    const app = build(t, { routes: ['GET /api', 'GET /api/users'] })
    for (const prefix of prefixes) app.register(async scope => { scope.register(fastifyAllowedMethods, { type: prefix }) }, { prefix })
    t.strictSame([await typeOf(app, '/api'), await typeOf(app, '/api/users')], ['/api', '/api/'])
  }
})

t.test('a prefix may end in slashes that the router squeezes', async t => {
  const app = build(t, { plugin: { type: '/root' }, fastify: routerOptions({ ignoreDuplicateSlashes: true }) })
  app.register(async api => {
    api.register(fastifyAllowedMethods, { type: '/api' })
    declare(api, 'GET /users')
  }, { prefix: '/api//' })
  t.equal(await typeOf(app, '/api/users'), '/api')
})

t.test('what a child scope without a prefix registers holds around it too, beside what was registered there', async t => {
  for (const prefix of [undefined, '/']) {
    const app = build(t, { routes: ['GET /users', 'DELETE /users', 'GET /*'], plugin: { type: '/root', allow: methods => methods.filter(method => method !== 'DELETE') } })
    app.register(async child => { child.register(fastifyAllowedMethods, { catchAll: true }) }, { prefix })
    t.strictSame([await ask(app, 'PUT', '/users'), await typeOf(app, '/users'), await ask(app, 'PUT', '/nope')], ['GET, HEAD', '/root', 'GET, HEAD'])
  }
})

t.test('of prefixes with a parameter, what is static before it decides, in whatever order', async t => {
  for (const prefixes of [['/v:version', '/:tenant', '/va:x'], ['/va:x', '/:tenant', '/v:version']]) {
    const app = build(t)
    for (const prefix of prefixes) {
      app.register(async scope => {
        scope.register(fastifyAllowedMethods, { type: prefix })
        declare(scope, 'GET /users')
      }, { prefix })
    }
    for (const [url, type] of [['/v1/users', '/v:version'], ['/acme/users', '/:tenant'], ['/va1/users', '/va:x']] as const) t.equal(await typeOf(app, url), type)
  }
})

t.test('an empty segment of a prefix is one', async t => {
  const app = build(t, { plugin: {}, routes: ['GET /a/x/b/y'] })
  app.register(async api => {
    api.register(fastifyAllowedMethods, { type: '/inner' })
    declare(api, 'GET /y')
  }, { prefix: '/a//b' })
  t.equal((await app.inject({ method: 'PUT', url: '/a//b/y' })).json().type, '/inner')
  t.not((await app.inject({ method: 'PUT', url: '/a/x/b/y' })).json().type, '/inner')
})

t.test('the path of a prefix alone is its own, though that is also an empty parameter', async t => {
  const pairs = [['/', '/:tenant'], ['/api/', '/api/:tenant'], ['/:v/', '/:v/:tenant'], ['/ap:i/', '/ap:i/:tenant']]
  for (const prefixes of [...pairs, ...pairs.map(pair => pair.toReversed())]) {
    const app = build(t, { plugin: false, routes: ['GET /', 'GET /api/:page'] })
    for (const prefix of prefixes) {
      app.register(async scope => { scope.register(fastifyAllowedMethods, { type: prefix }) }, { prefix: prefix === '/' ? '' : prefix })
    }
    const [outer, inner] = prefixes.toSorted() as [string, string]
    t.equal(await typeOf(app, outer.replace(/ap:i|:v/, 'api')), outer)
    t.equal(await typeOf(app, '/api/x'), inner)
  }
  const app = build(t, { plugin: false, routes: ['GET /api/:page'] })
  for (const [prefix, type] of [['/api/', 'first'], ['/api/', 'last'], ['/api/:tenant', 'inner'], ['/:v/', 'other']] as const) {
    app.register(async scope => { scope.register(fastifyAllowedMethods, { type }) }, { prefix })
  }
  t.equal(await typeOf(app, '/api/'), 'last')
})

t.test('for prefixes alike the last registration wins, also one that is made again', async t => {
  const app = build(t, { routes: ['GET /a/y'] })
  for (const prefix of ['/:t', '/:u', '/:t']) {
    app.register(async scope => { scope.register(fastifyAllowedMethods, { type: prefix }) }, { prefix })
  }
  t.equal(await typeOf(app, '/a/y'), '/:t')
})

t.test('the target * is within no prefix but that of the app', async t => {
  const app = build(t, { plugin: { notImplemented: true } })
  app.register(async api => { api.register(fastifyAllowedMethods, { notImplemented: false }) }, { prefix: '/:tenant' })
  t.match(await exchange(app, 'OPTIONS * HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 501 /)
})

t.test('two colons in a prefix are a colon, no parameter', async t => {
  const app = build(t, { routes: ['GET /a/b/x', 'GET /a::bc/x'], plugin: { type: '/root' } })
  app.register(async scope => {
    scope.register(fastifyAllowedMethods, { type: '/a::b' })
    declare(scope, 'GET /x')
  }, { prefix: '/a::b' })
  t.equal(await typeOf(app, '/a:b/x'), '/a::b')
  t.equal(await typeOf(app, '/a/b/x'), '/root')
  t.equal(await typeOf(app, '/a:bc/x'), '/root')
})

t.test('three colons in a prefix are a colon and a parameter', async t => {
  const app = build(t, { routes: ['GET /a/x', 'GET /a1/x'], plugin: { type: '/root' } })
  app.register(async scope => {
    scope.register(fastifyAllowedMethods, { type: '/a:::id' })
    declare(scope, 'GET /x')
  }, { prefix: '/a:::id' })
  t.strictSame([await typeOf(app, '/a:1/x'), await typeOf(app, '/a1/x'), await typeOf(app, '/a/x')], ['/a:::id', '/root', '/root'])
  const five = build(t, { routes: ['GET /a:1/x'], plugin: { type: '/root' } })
  five.register(async scope => {
    scope.register(fastifyAllowedMethods, { type: '/five' })
    declare(scope, 'GET /x')
  }, { prefix: '/a:::::id' })
  t.strictSame([await typeOf(five, '/a::1/x'), await typeOf(five, '/a:1/x')], ['/five', '/root'])
})

t.test('a prefix is found as the router finds its routes, with the case, slashes and semicolons that it ignores', async t => {
  const app = build(t, {
    plugin: { type: '/root' },
    fastify: routerOptions({ caseSensitive: false, ignoreDuplicateSlashes: true, useSemicolonDelimiter: true })
  })
  app.register(async api => {
    api.register(fastifyAllowedMethods, { type: '/api' })
    declare(api, 'GET /users')
    api.get('/', async () => 'api')
  }, { prefix: '/Api' })
  for (const url of ['/Api/users', '/api/users', '//api//users', '/API;a=b', 'http://a.example/API/users']) t.equal(await typeOf(app, url), '/api', url)
})

t.test('prefixes that differ in case alone are two, unless the router makes no difference', async t => {
  for (const caseSensitive of [true, false]) {
    const app = build(t, { fastify: routerOptions({ caseSensitive }), plugin: { type: '/root' } })
    app.register(async api => {
      api.register(fastifyAllowedMethods, { type: '/api' })
      declare(api, 'GET /a')
    }, { prefix: '/API' })
    declare(app, 'GET /api/b')
    t.strictSame([await typeOf(app, '/API/a'), await typeOf(app, '/api/b')], ['/api', caseSensitive ? '/root' : '/api'])
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

t.test('options in force are put together once for each prefix, and anew where one is registered again', async t => {
  const app = build(t)
  await app.after()
  app.register(async api => { api.register(fastifyAllowedMethods, { catchAll: true }) }, { prefix: '/api' })
  await app.after()
  t.equal(settingsFor(installed(app), '/b'), settingsFor(installed(app), '/a'))
  t.not(settingsFor(installed(app), '/api/a'), settingsFor(installed(app), '/a'))
  await app.register(fastifyAllowedMethods, { type: '/other' })
  for (const url of ['/a', '/api/a']) t.equal(settingsFor(installed(app), url)?.type, '/other')
  t.equal(settingsFor(installed(app), '/a'), settingsFor(installed(app), '/b'))
})

t.test('what a later registration of its scope has replaced is not looked at', async t => {
  const lines: string[] = []
  const app = build(t, { plugin: false, fastify: { logger: { level: 'warn', stream: { write: line => { lines.push(line) } } } } })
  app.addConstraintStrategy(strategy('tenant') as never)
  app.register(fastifyAllowedMethods, { schema: Type.Object({ status: Type.Literal(405), hint: Type.String() }) as never })
  app.register(fastifyAllowedMethods, { constraints: () => ({ tenant: 't' }) })
  app.get('/a', { constraints: { tenant: 't' } }, async () => 'a')
  await app.ready()
  t.strictSame(lines, [])
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
})

/** Refuses what is not authenticated, which is everything. */
const refuse = async (_request: unknown, reply: FastifyReply) => reply.code(401).send()

t.test('of the preParsing hooks of scopes, those run for a 405 that were added before the first registration', async t => {
  const late = build(t)
  late.register(async scope => {
    scope.addHook('preParsing', refuse as never)
    scope.setNotFoundHandler(async (_request, reply) => reply.code(404).send())
    declare(scope, 'GET /x')
  }, { prefix: '/api' })
  t.strictSame([await ask(late, 'GET', '/api/none'), await ask(late, 'PUT', '/api/x')], [401, 'GET, HEAD'])

  const app = build(t, { plugin: false })
  for (const prefix of ['/first', '/second']) {
    app.register(async scope => {
      scope.addHook('preParsing', refuse as never)
      await scope.register(fastifyAllowedMethods, { notFound: true })
      declare(scope, 'GET /x')
    }, { prefix })
  }
  t.strictSame([await ask(app, 'PUT', '/first/x'), await ask(app, 'PUT', '/second/x')], [401, 'GET, HEAD'])
})

t.test('a preHandler hook runs for a 404, not for a 405', async t => {
  const app = build(t, { routes: ['GET /x'] })
  app.addHook('preHandler', refuse)
  t.strictSame([await ask(app, 'GET', '/none'), await ask(app, 'PUT', '/x')], [401, 'GET, HEAD'])
})

t.test('if the router ignores case or slashes, Fastify answers another spelling of a prefix outside it, and so does the plugin', async t => {
  for (const [option, other] of [[{ caseSensitive: false }, '/API'], [{ ignoreDuplicateSlashes: true }, '//api']] as const) {
    const app = build(t, { fastify: routerOptions(option) })
    app.register(async scope => {
      scope.addHook('onRequest', refuse)
      scope.setNotFoundHandler(async (_request, reply) => reply.code(404).send())
      declare(scope, 'GET /x')
    }, { prefix: '/api' })
    t.strictSame([await ask(app, 'GET', '/api/none'), await ask(app, 'PUT', '/api/x'), await ask(app, 'GET', `${other}/x`)], [401, 401, 401])
    t.strictSame([await ask(app, 'GET', `${other}/none`), await ask(app, 'PUT', `${other}/x`)], [404, 'GET, HEAD'])
  }
})
