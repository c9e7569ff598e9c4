import { METHODS } from 'node:http'
import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify'
import t, { type Test } from 'tap'
import fastifyAllowedMethods, { MethodNotAllowedProblem } from '../plugin/index.js'
import { type WrongAnswer, findWrongAnswers } from '../plugin/testing.js'
import { build, declare, hasOldRouter, routerOptions, strategy } from './helpers.js'

/** Every kind of route; a handler that is called fails the test. */
function start (t: Test, plugin: object = {}): FastifyInstance {
  const app = build(t, { plugin: false })
  const handler = async () => { t.fail('a handler was called') }
  const add = (scope: FastifyInstance, method: HTTPMethods, url: string, constraints = {}) => scope.route({ method, url, constraints, handler })
  add(app, 'GET', '/early')
  app.register(fastifyAllowedMethods, plugin)
  for (const url of ['/', '/users/:id', '/users/me', '/a-:b.:c', '/n/:n(^\\d+$)', '/opt/:o?', '/files/*', '/a::b', '/é']) {
    add(app, 'GET', url)
    add(app, 'PUT', url)
  }
  add(app, 'DELETE', '/users/:name')
  add(app, 'POST', '/opt')
  add(app, 'OPTIONS', '*')
  add(app, 'GET', '/v', { version: '1.0.0' })
  add(app, 'POST', '/v', { version: '2.0.0', host: 'a.example' })
  add(app, 'TRACE', '/v')
  app.register(async api => {
    add(api, 'GET', '/')
    add(api, 'POST', '/things')
  }, { prefix: '/api' })
  return app
}

t.test('no wrong answer where all are right, and how many were checked', async t => {
  const wrong = await findWrongAnswers(start(t))
  t.strictSame(wrong, [])
  t.strictSame(Object.keys(wrong), [])
  t.ok(wrong.checks > 80)
})

t.test('with each option, and with all that go together', async t => {
  const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.String() })])
  const hint = { schema, problem: async (problem: object) => ({ ...problem, hint: 'x' }) }
  const allow = async (methods: string[], { url }: { url: string }) => url.startsWith('/users') ? [] : methods.filter(method => method !== 'PUT')
  const others = { catchAll: true, notImplemented: true, answerOptions: true, advertise: true, notFound: true }
  for (const plugin of [{ throw: true }, hint, { allow }, ...Object.keys(others).map(name => ({ [name]: true })), { ...others, ...hint, allow }, { ...others, throw: true }]) {
    const wrong = await findWrongAnswers(start(t, plugin))
    t.strictSame(wrong, [], Object.keys(plugin).join(' '))
    t.ok(wrong.checks > 50)
  }
})

t.test('a pattern that is left out as a string is just that one; a root catch-all counts where the option catchAll says so', async t => {
  for (const [routes, ignore] of [[['GET /a', 'GET /ab'], '/a'], [['GET *'], '/none']] as const) {
    const app = build(t, { routes: [...routes], plugin: { catchAll: true } })
    t.equal((await findWrongAnswers(app, { ignore: [ignore] })).checks, app.supportedMethods.length - 2 + 1)
  }
})

t.test('a pattern that was read with the name of another parameter is asked', async t => {
  const app = build(t, { routes: ['GET /users/:id', 'PUT /users/:user/books/:id', 'GET /:a/:b', 'PUT /:a/:b/:a'] })
  t.strictSame(await findWrongAnswers(app), [])
  t.strictSame(await findWrongAnswers(app, { params: { id: '7' } }), [])
  const checks = async (name: string) => (await findWrongAnswers(build(t, { routes: ['GET /:a', `PUT /:${name}/:b`, 'PUT /x/:b'] }))).checks
  t.equal(await checks('other'), await checks('a'), 'and none that the router prefers, twice')
})

t.test('what it cannot ask is told, not passed over', async t => {
  const app = build(t)
  if (hasOldRouter) await app.after()
  declare(app, 'GET /a', 'GET /codes/:code(^QX[0-9]$)', 'PUT /codes/:code(^QX[0-9]$)')
  app.route({ method: 'GET', url: '/h', constraints: { host: /^a\.example$/ }, handler: async () => 'h' })
  const first: [string, string, string] = ['GET, HEAD, PUT', '/codes/:code(^QX[0-9]$)', "a value in params or headers for ':code(^QX[0-9]$)'"]
  const second: [string, string, string] = ['GET, HEAD', '/h', "a value in params or headers for '/h'"]
  const missing = ([method, url, expected]: [string, string, string]): WrongAnswer => ({ method, url, expected, actual: 'nothing to ask' })
  t.strictSame(await findWrongAnswers(app), [first, second].map(missing))
  t.strictSame(await findWrongAnswers(app, { params: { code: 'QX1' } }), [missing(second)])
  t.strictSame(await findWrongAnswers(app, { params: { code: 'QX1' }, headers: { host: 'a.example' } }), [])
  t.strictSame(await findWrongAnswers(app, { ignore: ['/h', /code/] }), [])
})

t.test('each of the routes that overlap is asked for at a URL of its own', async t => {
  const app = build(t, { routes: ['GET /f/:name', 'GET /f/:letter(^[a-z]$)'] })
  const { checks } = await findWrongAnswers(app)
  t.equal(checks, 2 * (app.supportedMethods.length - 2 + 1))
})

t.test('a wildcard and a parameter beside a stricter one are asked for at URLs that only they take', async t => {
  for (const [strict, loose, url] of [['/files/:name', '/files/*', '/files/1/1'], ['/u/:slug(^[A-Za-z0-9-]+$)', '/u/:id', '/u/x_x']]) {
    const app = build(t, { routes: [`GET ${strict}`, `GET ${loose}`] })
    app.addHook('onSend', async (request, reply) => { if (request.url === url) reply.removeHeader('allow') })
    t.strictSame([...new Set((await findWrongAnswers(app)).map(({ url }) => url))], [url])
  }
})

t.test('a route without a header for its custom constraint is told, though another route takes the URL', async t => {
  const tenants = { constraints: ({ headers }: { headers: Record<string, unknown> }) => ({ tenant: headers['x-tenant'] }) }
  const app = build(t, { plugin: tenants, routes: ['GET /*', 'GET /b'], fastify: routerOptions({ constraints: { tenant: strategy('tenant') } }) })
  app.route({ method: 'GET', url: '/a', constraints: { tenant: 't' }, handler: async () => t.fail('a handler was called') })
  const expected = "a route at '/a', by headers for the constraints { tenant: 't' }"
  t.strictSame(await findWrongAnswers(app), [{ method: 'GET, HEAD', url: '/a', expected, actual: 'nothing to ask' }])
  t.strictSame(await findWrongAnswers(app, { headers: { 'x-tenant': 't' } }), [])
})

t.test('the strategy of a custom constraint decides which values it takes, of whatever type', async t => {
  const stored = () => {
    const stores = new Map<unknown, never>()
    const get = (values: unknown) => [values].flat().map(value => stores.get(String(value).toLowerCase())).find(store => store !== undefined) ?? null
    return { get, set: (value: unknown, store: unknown) => { stores.set(String(value).toLowerCase(), store as never) } }
  }
  const values = ({ headers }: { headers: Record<string, unknown> }) => headers['x-feature'] === undefined ? undefined : String(headers['x-feature']).split(',')
  const feature = { ...strategy('feature'), storage: stored, deriveConstraint: values }
  const app = build(t, { plugin: { constraints: request => ({ feature: values(request) }) }, routes: ['GET /:any'], fastify: routerOptions({ constraints: { feature } }) })
  app.route({ method: 'GET', url: '/a', constraints: { feature: 'New' }, handler: async () => t.fail('a handler was called') })
  app.route({ method: 'GET', url: '/b', constraints: { feature: true }, handler: async () => t.fail('a handler was called') })
  const missing = async (feature: string) => (await findWrongAnswers(app, { headers: { 'x-feature': feature } })).map(({ expected }) => expected)
  t.strictSame(await missing('old,new,TRUE'), [])
  t.strictSame(await missing('new'), ["a route at '/b', by headers for the constraints { feature: true }"])
  t.equal((await findWrongAnswers(app)).length, 2)
})

t.test('a custom constraint may be declared for values that no request has, such as a list, and its strategy be an object of a class', async t => {
  class Regions {
    name = 'region'
    isAsync = false
    storage () {
      const stores = new Map<unknown, never>()
      return { get: (region: unknown) => stores.get(region) ?? null, set: (regions: unknown, store: never) => { for (const region of [regions].flat()) stores.set(region, store) } }
    }

    deriveConstraint ({ headers }: { headers: Record<string, unknown> }) {
      return headers['x-region']
    }
  }
  const { storage, deriveConstraint } = new Regions()
  const ofClass = /^(5\.0|6)\./.test(Fastify().version) ? [] : [[new Regions(), 'eu']] // those refuse it
  for (const [region, declared] of [[{ ...strategy('region'), storage, deriveConstraint }, ['eu', 'us']], ...ofClass]) {
    const app = build(t, { plugin: { constraints: ({ headers }) => ({ region: headers['x-region'] }) }, fastify: routerOptions({ constraints: { region } }) })
    app.route({ method: 'GET', url: '/a', constraints: { region: declared }, handler: async () => t.fail('a handler was called') })
    t.strictSame(await findWrongAnswers(app, { headers: { 'x-region': 'eu' } }), [])
    t.equal((await findWrongAnswers(app, { headers: { 'x-region': 'asia' } })).length, 1)
  }
})

t.test('a strategy of the app for hosts decides about a regular expression, too', async t => {
  const stores: [RegExp, never][] = []
  const host = {
    ...strategy('host'),
    storage: () => ({
      get: (value: unknown) => stores.find(([expression]) => expression.test(String(value).toLowerCase()))?.[1] ?? null,
      set: (value: unknown, store: never) => { stores.push([value as RegExp, store]) }
    }),
    deriveConstraint: ({ headers }: { headers: Record<string, unknown> }) => headers.host
  }
  const app = build(t, { plugin: { constraints: ({ headers: { host } }) => ({ host }) }, fastify: routerOptions({ constraints: { host } }) })
  if (hasOldRouter) await app.after()
  app.route({ method: 'GET', url: '/a', constraints: { host: /^a\.example$/ }, handler: async () => t.fail('a handler was called') })
  const { checks } = await findWrongAnswers(app, { headers: { host: 'A.example' } })
  t.equal(checks, app.supportedMethods.length - 2 + 1)
})

t.test('custom constraints that look alike are asked for one by one', async t => {
  const values = [() => 'a', () => 'b']
  const tenant = { ...strategy('tenant'), deriveConstraint: ({ headers }: { headers: Record<string, unknown> }) => values[Number(headers['x-tenant'])] }
  const app = build(t, { plugin: { constraints: ({ headers }) => ({ tenant: values[Number(headers['x-tenant'])] }) }, fastify: routerOptions({ constraints: { tenant } }) })
  await app.after() // the constraints are functions, which are not printed
  app.route({ method: 'GET', url: '/', constraints: { tenant: values[0] }, handler: async () => t.fail('a handler was called') })
  app.route({ method: 'PUT', url: '/', constraints: { tenant: values[1] }, handler: async () => t.fail('a handler was called') })
  t.strictSame((await findWrongAnswers(app, { headers: { 'x-tenant': '0' } })).map(({ method, url }) => `${method} ${url}`), ['PUT /'])
})

t.test('constraints that a later onRoute hook adds count', async t => {
  const app = build(t)
  app.register(async v1 => {
    v1.addHook('onRoute', route => { route.constraints = { version: '1.0.0' } })
    declare(v1, 'GET /a')
  })
  const wrong = await findWrongAnswers(app)
  t.strictSame(wrong, [])
  t.equal(wrong.checks, app.supportedMethods.length - 2 + 1)
})

t.test('a child scope of an app that is ready will do', async t => {
  const app = build(t, { routes: ['GET /a'] })
  let child = app
  app.register(async scope => { child = scope })
  await app.ready()
  t.strictSame(await findWrongAnswers(child), [])
})

t.test('a host that is a regular expression is told if no header has it, also where another route takes the URL', async t => {
  for (const other of ['/*', '/:a']) {
    const app = build(t)
    if (hasOldRouter) await app.after()
    declare(app, 'GET /a/b', `GET ${other}`)
    app.route({ method: 'GET', url: '/h', constraints: { host: /^a\.example$/ }, handler: async () => 'h' })
    app.addHook('onSend', async (request, reply) => { if (request.url === '/h') reply.removeHeader('allow') })
    const told = async (headers: Record<string, string>) => (await findWrongAnswers(app, { headers })).map(({ url, expected }) => ({ url, expected }))
    t.strictSame(await told({ host: 'b.example' }), [{ url: '/h', expected: "a value in params or headers for '/h'" }])
    const found = await told({ host: 'a.example' })
    t.equal(found.length, app.supportedMethods.length - 2 + 1, 'each method but GET and HEAD, and one that is not supported')
    t.strictSame(found[0], { url: '/h', expected: { status: 405, allow: 'GET, HEAD', mediaType: 'application/problem+json', problem: 'valid' } })
  }
})

t.test('each method of a pattern is asked for under its own constraints', async t => {
  for (const isLoaded of [false, true]) {
    const app = build(t)
    if (isLoaded || hasOldRouter) await app.after()
    const handler = async () => t.fail('a handler was called')
    app.route({ method: 'GET', url: '/a', constraints: { host: /^a\./ }, handler })
    app.route({ method: 'PUT', url: '/a', constraints: { host: /^b\./ }, handler })
    app.route({ method: 'GET', url: '*', constraints: { host: 'c.example' }, handler })
    for (const version of ['1.0.0', '2.0.0']) app.route({ method: 'GET', url: '/v', constraints: { version }, handler })
    app.route({ method: 'GET', url: '/v', handler })
    const wrong = await findWrongAnswers(app, { headers: { host: 'a.example' } })
    t.strictSame(wrong, [{ method: 'PUT', url: '/a', expected: "a value in params or headers for '/a'", actual: 'nothing to ask' }])
    t.equal(wrong.checks, 4 * (app.supportedMethods.length - 2 + 1), '/a, /v and both of its versions, with each method but GET and HEAD, and one that is not supported')
  }
  for (const [url, options] of [['/a/', { ignoreTrailingSlash: true }], ['/a//b', { ignoreDuplicateSlashes: true }]] as const) {
    const app = build(t, { fastify: routerOptions(options) })
    await app.after()
    app.route({ method: 'GET', url, handler: async () => t.fail('a handler was called') })
    app.route({ method: 'PUT', url, constraints: { version: '1.0.0' }, handler: async () => t.fail('a handler was called') })
    const { checks } = await findWrongAnswers(app)
    t.equal(checks, 2 * (app.supportedMethods.length + 1) - 2 - 1)
  }
})

t.test('custom constraints: by the option constraints and the headers given; without the option it asks nothing', async t => {
  const start = (plugin: object) => {
    const app = build(t, { plugin, fastify: routerOptions({ constraints: { tenant: strategy('tenant') } }) })
    app.route({ method: 'GET', url: '/a', constraints: { tenant: 'x' }, handler: async () => t.fail('a handler was called') })
    return app
  }
  const tenants = { constraints: ({ headers }: { headers: Record<string, string> }) => ({ tenant: headers['x-tenant'] }) }
  const two = start(tenants)
  two.route({ method: 'PUT', url: '/a', constraints: { tenant: 'y' }, handler: async () => t.fail('a handler was called') })
  t.strictSame(await findWrongAnswers(two, { headers: { 'x-tenant': 'x' } }), [
    { method: 'PUT', url: '/a', expected: "a route at '/a', by headers for the constraints { tenant: 'y' }", actual: 'nothing to ask' }
  ])
  const both = await findWrongAnswers(two, { headers: ({ tenant }) => ({ 'X-Tenant': tenant }) })
  t.strictSame(both, [])
  t.equal(both.checks, 2 * two.supportedMethods.length - 1, 'each tenant, without GET and HEAD, or PUT')
  const strict = build(t, { plugin: tenants as object, routes: ['GET /free'], fastify: routerOptions({ constraints: { tenant: { ...strategy('tenant'), mustMatchWhenDerived: true } } }) })
  strict.route({ method: 'GET', url: '/a', constraints: { tenant: 'x' }, handler: async () => t.fail('a handler was called') })
  t.strictSame(await findWrongAnswers(strict, { headers: ({ tenant }) => ({ 'x-tenant': tenant }) }), [], 'what is undefined is not sent')
  const app = start({ constraints: async ({ headers }: { headers: Record<string, string> }) => ({ tenant: headers['x-tenant'] }) })
  t.strictSame(await findWrongAnswers(app), [{ method: 'GET, HEAD', url: '/a', expected: "a route at '/a', by headers for the constraints { tenant: 'x' }", actual: 'nothing to ask' }])
  const wrong = await findWrongAnswers(app, { headers: { 'x-tenant': 'x' } })
  t.strictSame(wrong, [])
  t.equal(wrong.checks, app.supportedMethods.length - 1, 'all methods but GET and HEAD, and one that Fastify does not support')
  await t.rejects(findWrongAnswers(start({})), {
    code: 'FST_ALLOWED_METHODS_INVALID_ARGUMENT',
    message: "findWrongAnswers needs the option 'constraints' of the plugin, where the app has custom constraints (tenant)"
  })
})

t.test('constraints of a route before the plugin count beside a route after it with the same method and pattern', async t => {
  const checks: number[] = []
  for (const isLast of [false, true]) {
    const app = build(t, { plugin: false })
    if (isLast) await app.register(fastifyAllowedMethods)
    app.get('/v', { constraints: { version: '1.0.0' } }, async () => 'v1')
    if (!isLast) await app.register(fastifyAllowedMethods)
    declare(app, 'GET /v')
    const wrong = await findWrongAnswers(app)
    t.strictSame(wrong, [])
    checks.push(wrong.checks)
  }
  t.equal(checks[0], checks[1])
})

t.test('custom constraints are known from routes that come before the plugin too', async t => {
  const app = build(t, { plugin: false, routes: ['POST /a'] })
  app.addConstraintStrategy(strategy('tenant') as never)
  app.get('/a', { constraints: { tenant: 't' } }, async () => 'a')
  await app.after()
  app.register(fastifyAllowedMethods)
  await t.rejects(findWrongAnswers(app), { message: /^findWrongAnswers needs the option 'constraints' .*\(tenant\)$/ })
})

t.test('a prefix that no registration covers is left alone', async t => {
  const app = build(t, { plugin: false, routes: ['GET /a'] })
  app.register(async api => {
    api.register(fastifyAllowedMethods)
    declare(api, 'GET /a')
  }, { prefix: '/api' })
  const wrong = await findWrongAnswers(app)
  t.strictSame(wrong, [])
  t.equal(wrong.checks, app.supportedMethods.length - 1, 'all methods but GET and HEAD, and one that Fastify does not support')
})

t.test('a run that checks nothing fails, and so do an app without the plugin and ill-typed options', async t => {
  const code = 'FST_ALLOWED_METHODS_INVALID_ARGUMENT'
  await t.rejects(findWrongAnswers(Fastify()), { code, message: /^findWrongAnswers takes an app that has registered fastify-allowed-methods, got / })
  await t.rejects(findWrongAnswers(build(t)), { code, message: 'findWrongAnswers takes an app with a URL to check, and found none' })
  await t.rejects(findWrongAnswers(build(t, { routes: ['GET /a'] }), { ignore: [/./] }), { code, message: 'findWrongAnswers takes an app with a URL to check, and found none' })
  const wrong: [unknown, string][] = [
    [{ constructor: {} }, "option 'constructor' does not exist, got {}; the options are params, headers, ignore"],
    [{ param: {} }, "option 'param' does not exist, got {}; the options are params, headers, ignore"],
    [{ params: 'x' }, "option 'params' must be an object of strings, got 'x'"],
    [{ params: ['x'] }, "option 'params' must be an object of strings, got [ 'x' ]"],
    [{ params: { id: 1 } }, "option 'params' must be an object of strings, got { id: 1 }"],
    [{ headers: null }, "option 'headers' must be an object of strings, or a function that returns one, got null"],
    [{ headers: () => ({ host: 1 }) }, "option 'headers' must return an object of strings, got { host: 1 }"],
    [{ headers: () => new Map() }, "option 'headers' must return an object of strings, got Map(0) {}"],
    [{ headers: new Map() }, "option 'headers' must be an object of strings, or a function that returns one, got Map(0) {}"],
    [{ params: () => ({}) }, "option 'params' must be an object of strings, got [Function: params]"],
    [null, 'findWrongAnswers takes options as an object, got null'],
    [5, 'findWrongAnswers takes options as an object, got 5'],
    [new Map(), 'findWrongAnswers takes options as an object, got Map(0) {}'],
    [{ ignore: '/a' }, "option 'ignore' must be an array of route patterns and regular expressions, got '/a'"],
    [{ ignore: { a: '/a' } }, "option 'ignore' must be an array of route patterns and regular expressions, got { a: '/a' }"],
    [{ ignore: [1] }, "option 'ignore' must be an array of route patterns and regular expressions, got [ 1 ]"]
  ]
  for (const app of [undefined, Promise.resolve(build(t)), {}]) await t.rejects(findWrongAnswers(app as never), { code, message: /^findWrongAnswers takes a Fastify app, got / })
  t.strictSame(await findWrongAnswers(build(t, { routes: ['GET /a'] }), { params: undefined, headers: undefined, ignore: undefined }), [])
  for (const [options, message] of wrong) await t.rejects(findWrongAnswers(build(t, { routes: ['GET /a'] }), options as object), { code, message })
})

t.test('a URL that two patterns take is asked once', async t => {
  const app = build(t)
  await app.after()
  declare(app, 'GET /users/:id', 'DELETE /users/:name')
  const wrong = await findWrongAnswers(app)
  t.strictSame(wrong, [])
  t.equal(wrong.checks, app.supportedMethods.length - 2)
})

t.test('each method is asked for once: those that no route takes too, and one that the app does not support', async t => {
  const app = build(t, { plugin: false })
  app.addHttpMethod('ACL')
  app.register(fastifyAllowedMethods)
  declare(app, 'GET /a')
  const asked: string[] = []
  app.addHook('onRequest', async ({ method }) => { asked.push(method) })
  t.strictSame(await findWrongAnswers(app), [])
  const [unsupported, ...others] = asked
  t.notOk(app.supportedMethods.includes(unsupported as string))
  t.strictSame(others.sort(), app.supportedMethods.filter(method => method !== 'GET' && method !== 'HEAD').sort())
})

t.test('a route that is read back under the name of another parameter is asked too', async t => {
  const app = build(t, { routes: ['PUT /users/:user/posts', 'PUT /users/:id', 'GET /users/me'] })
  const wrong = await findWrongAnswers(app)
  t.ok(app.methodsByUrl.has('/users/:user'), 'as Fastify prints it')
  t.strictSame(wrong, [])
  t.equal(wrong.checks, 3 * (app.supportedMethods.length + 1) - 1 - 1 - 3)
})

t.test('the settings are those of the URL that rewriteUrl makes', async t => {
  const app = build(t, { plugin: {}, routes: ['GET /old/a', 'GET /new/a'], fastify: { rewriteUrl: ({ url }) => String(url).replace(/^\/old/, '/new') } })
  app.register(async api => { api.register(fastifyAllowedMethods, { throw: true }) }, { prefix: '/new' })
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('an app may support all methods of Node.js, and a URL may be shorter once it is resolved', async t => {
  const app = build(t, { plugin: false })
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  app.register(fastifyAllowedMethods)
  declare(app, 'GET /a', 'GET /b/:id/c')
  t.strictSame(await findWrongAnswers(app, { ignore: [/b/] }), [])
  const wrong = await findWrongAnswers(app, { params: { id: '..' } })
  t.strictSame(wrong.map(({ url, expected }) => [url, expected]), [['/b/:id/c', "a route at '/c', to which '/b/../c' was rewritten"]])
})

t.test('a URL that rewriteUrl makes another of is told', async t => {
  const app = build(t, { routes: ['GET /a'], fastify: { rewriteUrl: ({ url }) => `/v1${url}` } })
  t.strictSame(await findWrongAnswers(app), [{ method: 'GET, HEAD', url: '/a', expected: "a route at '/v1/a', to which '/a' was rewritten", actual: 'nothing to ask' }])
})

t.test("a route's own host and version win over the headers given", async t => {
  const app = build(t, { plugin: {} })
  app.route({ method: 'GET', url: '/a', constraints: { host: 'a.example' }, handler: async () => 'a' })
  app.route({ method: 'GET', url: '/b', constraints: { host: /^b\./ }, handler: async () => 'b' })
  t.strictSame(await findWrongAnswers(app, { headers: { Host: 'b.example' } }), [])
})

t.test('a regular expression to ignore may be global, and one of a parameter may take its time', async t => {
  const app = build(t, { routes: ['GET /docs/a', 'GET /docs/b', 'GET /docs/c', 'GET /a', 'GET /slow/:x(^(?:\\d|\\d\\d)+y$)'] })
  const wrong = await findWrongAnswers(app, { ignore: [/docs/g] })
  t.strictSame(wrong.map(({ url }) => url), ['/slow/:x(^(?:\\d|\\d\\d)+y$)'])
  t.equal(wrong.checks, app.supportedMethods.length - 1)
})

t.test('an app of any kind', async t => {
  const abstractLogger = Object.assign(Object.create(Fastify().log), { own: true })
  const http2 = Fastify({ http2: true })
  const logging = Fastify({ loggerInstance: abstractLogger as typeof abstractLogger & { own: true } })
  t.teardown(async () => { await Promise.all([http2.close(), logging.close()]) })
  http2.register(fastifyAllowedMethods)
  logging.register(fastifyAllowedMethods)
  http2.get('/a', async () => 'a')
  logging.get('/a', async () => 'a')
  t.strictSame(await findWrongAnswers(http2), [])
  t.strictSame(await findWrongAnswers(logging), [])
})
