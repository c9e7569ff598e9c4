import { METHODS } from 'node:http'
import t from 'tap'
import Fastify from 'fastify'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions } from '../plugin/index.js'
import { methodsInUse, routedMethods } from '../plugin/routed.js'
import { ask, build, declare, installed, routerOptions } from './helpers.js'

const users = ['DELETE /users/:id', 'GET /users/:id']

t.test('finds what the router finds, sorted', async t => {
  const app = build(t, { routes: users })
  await app.ready()
  t.strictSame(routedMethods(installed(app), '/users/1?a#b', undefined, false), ['DELETE', 'GET', 'HEAD'])
  t.strictSame(routedMethods(installed(app), '/users', undefined, false), [])
  t.strictSame(routedMethods(installed(app), '', undefined, false), [])
})

t.test('a parameter that is too long, a malformed URL and an odd target are not routed', async t => {
  const app = build(t, { routes: [...users, 'POST *'] })
  await app.ready()
  for (const url of [`/users/${'x'.repeat(101)}`, '/users/%', '/users/%c3%28', '*', '%zz', 'ftp://a.example/users/1']) {
    t.strictSame(routedMethods(installed(app), url, undefined, false), [], url)
  }
})

t.test("an app's querystringParser that gives nothing hides no route, and sees no query of a client", async t => {
  const parsed: string[] = []
  const querystringParser = (query: string) => { parsed.push(query) }
  const app = build(t, { routes: users, fastify: routerOptions({ querystringParser }) })
  t.equal(await ask(app, 'PUT', '/users/1?a=1'), 'DELETE, GET, HEAD')
  t.equal(await ask(app, 'PUT', `/users/${'x'.repeat(101)}`), 404)
  t.strictSame(routedMethods(installed(app), '/users/1#a?b', undefined, false), ['DELETE', 'GET', 'HEAD'])
  t.strictSame([...new Set(parsed)], [''])
})

t.test('asks the router once for each method that some route takes, also where a parameter is too long, once a route of the app was seen', async t => {
  const app = build(t, { routes: ['GET /', ...users] })
  await app.ready()
  t.strictSame(routedMethods(installed(app), '/', undefined, false), ['GET', 'HEAD'])
  let asked = 0
  const counting: typeof app = Object.create(app, {
    findRoute: {
      value (search: never) {
        asked++
        return app.findRoute(search)
      }
    }
  })
  t.strictSame(routedMethods({ ...installed(app), root: counting }, `/users/${'x'.repeat(101)}`, undefined, false), [])
  t.equal(asked, 3)
})

t.test('the semicolon of an app that does not ask for useSemicolonDelimiter is a part of the path', async t => {
  for (const useSemicolonDelimiter of [true, false]) {
    const app = build(t, { routes: ['GET /*', 'PUT /a;b'], fastify: routerOptions({ useSemicolonDelimiter }) })
    t.equal(await ask(app, 'POST', '/x;y'), 404)
    t.equal(await ask(app, 'POST', '/a;b'), useSemicolonDelimiter ? 404 : 'GET, HEAD, PUT')
  }
})

t.test('methodsInUse: those that some route takes, whatever its constraints', async t => {
  const app = build(t, { routes: ['PUT /a', 'GET /a'], fastify: { exposeHeadRoutes: false } })
  app.route({ method: 'TRACE', url: '/b', constraints: { version: '1.0.0' }, handler: async () => 'b' })
  app.addHttpMethod('PROPFIND')
  await app.after()
  app.register(async api => { declare(api, 'PROPFIND /c') }, { prefix: '/api' })
  t.strictSame(methodsInUse(installed(app)), ['GET', 'PUT', 'TRACE'], 'while the app is loading, those declared so far')
  await app.ready()
  t.strictSame(methodsInUse(installed(app)), ['GET', 'PROPFIND', 'PUT', 'TRACE'])
  t.equal(methodsInUse(installed(app)), methodsInUse(installed(app)), 'settled once it is ready')
  const root = Object.create(app, { findRoute: { value: () => null } })
  t.strictSame(methodsInUse({ ...installed(app), methods: undefined, root }), [...app.supportedMethods].sort(), 'all, were the router to tell nothing of an app that has routes')
  const none = build(t)
  await none.ready()
  t.strictSame(methodsInUse(installed(none)), [])
})

t.test('an app that takes every method of Node.js: none is taken for another', async t => {
  const app = build(t)
  const methods = METHODS.filter(method => method !== 'CONNECT').sort()
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
    declare(app, `${method} /${method.toLowerCase()}`)
  }
  await app.ready()
  t.ok(methods.length > 32, `${methods.length} methods`)
  for (const method of methods) {
    t.strictSame(routedMethods(installed(app), `/${method.toLowerCase()}`, undefined, false), method === 'GET' ? ['GET', 'HEAD'] : method === 'OPTIONS' ? [] : [method])
  }
})

t.test('allow: what it leaves out is unknown, at once or later', async t => {
  const isAdmin = (request: { headers: Record<string, unknown> }) => request.headers.role === 'admin'
  const options: FastifyAllowedMethodsOptions[] = [
    { allow: (methods, request) => isAdmin(request) ? methods : methods.filter(method => method !== 'DELETE') },
    { allow: async (methods, request) => isAdmin(request) ? methods : methods.filter(method => method !== 'DELETE') }
  ]
  for (const plugin of options) {
    const app = build(t, { plugin: { ...plugin, answerOptions: true }, routes: ['GET /a', 'DELETE /a', 'DELETE /admin', 'POST /b'] })
    const reply = await app.inject({ method: 'PUT', url: '/a' })
    t.equal(reply.headers.allow, 'GET, HEAD')
    t.strictSame(reply.json().allow, ['GET', 'HEAD'])
    t.equal(reply.json().detail, 'This URL supports GET and HEAD.')
    t.equal(await ask(app, 'PUT', '/a', { role: 'admin' }), 'DELETE, GET, HEAD')
    t.equal((await app.inject({ method: 'OPTIONS', url: '/a' })).headers.allow, 'GET, HEAD, OPTIONS')
    t.equal(await ask(app, 'PUT', '/admin', { role: 'admin' }), 'DELETE')
    t.equal(await ask(app, 'OPTIONS', '/admin'), 404)
    t.equal(await ask(app, 'POST', '/a', { role: 'admin' }), 'DELETE, GET, HEAD')
  }
})

t.test("allow: an empty list is the app's own 404, as for a URL that does not exist", async t => {
  const app = build(t, { plugin: { allow: (methods, { url }) => url.startsWith('/admin') ? [] : methods }, routes: ['GET /admin/:id', 'GET /a'] })
  for (const payload of [undefined, '{', '{"a":1}']) {
    const reply = async (url: string) => {
      const { statusCode, statusMessage, headers: { date, ...headers }, payload: body } =
        await app.inject({ method: 'PUT', url, ...(payload !== undefined && { payload, headers: { 'content-type': 'application/json' } }) })
      return { statusCode, statusMessage, headers, body }
    }
    const hidden = await reply('/admin/1')
    t.strictSame(hidden, JSON.parse(JSON.stringify(await reply('/other/1')).replaceAll('/other/1', '/admin/1')))
    t.equal(hidden.statusCode, payload === '{' ? 400 : 404)
  }
})

t.test('allow: cannot add a method, nor make a URL known by OPTIONS or a root catch-all alone', async t => {
  const app = build(t, { plugin: { allow: () => ['DELETE', 'OPTIONS', 'PUT', 'GET'] }, routes: ['GET /a', 'OPTIONS *', 'POST /b'] })
  t.equal(await ask(app, 'PUT', '/a'), 'GET, OPTIONS')
  t.equal(await ask(app, 'PUT', '/b'), 404, 'the POST that made it known is gone')
  t.equal(await ask(app, 'PUT', '/c'), 404)
})

t.test('allow: sees a list of its own, and is not asked where the URL is unknown or routed', async t => {
  const seen: string[][] = []
  const app = build(t, {
    plugin: {
      allow: methods => {
        seen.push([...methods])
        methods.length = 0
        return ['GET', 'HEAD']
      }
    },
    routes: ['GET /a', 'DELETE /a']
  })
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/b'), 404)
  t.equal(await ask(app, 'GET', '/a'), 200)
  t.strictSame(seen, [['DELETE', 'GET', 'HEAD'], ['DELETE', 'GET', 'HEAD']])
})

t.test("allow: what it throws, or returns that is no list, goes to the app's error handler", async t => {
  const cases: [() => unknown, string][] = [
    [() => { throw new Error('oops') }, 'oops'],
    [async () => { throw new Error('oops') }, 'oops'],
    [() => { throw 'oops' }, "option 'allow' must throw errors, threw 'oops'"], // eslint-disable-line no-throw-literal
    [() => undefined, "option 'allow' must return an array of methods in upper case, got undefined"],
    [async () => 'GET', "option 'allow' must return an array of methods in upper case, got 'GET'"],
    [() => [405], "option 'allow' must return an array of methods in upper case, got [ 405 ]"],
    [() => ['get'], "option 'allow' must return an array of methods in upper case, got [ 'get' ]"]
  ]
  for (const [allow, message] of cases) {
    const app = build(t, { plugin: { allow: allow as never }, routes: ['GET /a'] })
    const reply = await app.inject({ method: 'PUT', url: '/a' })
    t.strictSame([reply.statusCode, reply.json().message], [500, message])
    t.equal(await ask(app, 'GET', '/a'), 200)
  }
})

t.test('allow: narrows what sendMethodNotAllowed lists, and where it hides all, that is the 404 of the app', async t => {
  const app = build(t, { plugin: { allow: async (methods, { url }) => url.startsWith('/admin') ? [] : methods.filter(method => method !== 'DELETE') } })
  app.post('/admin', async (_request, reply) => reply.sendMethodNotAllowed())
  app.put('/admin', async (_request, reply) => reply.sendMethodNotAllowed(['GET']))
  app.post('/a', async (_request, reply) => reply.sendMethodNotAllowed())
  app.put('/a', async (_request, reply) => reply.sendMethodNotAllowed(['GET', 'DELETE', 'PUT']))
  app.patch('/a', async (_request, reply) => reply.sendMethodNotAllowed([]))
  app.post('/b', async (_request, reply) => reply.sendMethodNotAllowed())
  app.put('/b', async (_request, reply) => reply.sendMethodNotAllowed(['PUT']))
  t.equal(await ask(app, 'POST', '/admin'), 404)
  t.equal(await ask(app, 'PUT', '/admin'), 404)
  t.equal(await ask(app, 'POST', '/a'), 'PATCH, PUT')
  t.equal(await ask(app, 'PUT', '/a'), 'GET')
  t.equal(await ask(app, 'PATCH', '/a'), '')
  t.equal(await ask(app, 'POST', '/b'), 'PUT')
  t.equal(await ask(app, 'PUT', '/b'), '', 'the only method that is left is the one that is refused')
})

t.test('allow: narrows what allowedMethods tells of a request, not of a URL', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, { allow: methods => methods.filter(method => method !== 'HEAD') })
  app.get('/a', async request => [app.allowedMethods(request), app.allowedMethods('/a')])
  t.strictSame((await app.inject('/a')).json(), [['GET'], ['GET', 'HEAD']])
})

t.test('how often the router is asked: never for a matched request, at most once for each method in use on a miss, and no more for a URL that was asked twice', async t => {
  const app = build(t, { routes: ['GET /users/:id', 'PUT /users/:id', 'DELETE /users/:id', 'POST /users'] })
  let asked = 0
  const { findRoute } = app
  app.findRoute = search => {
    asked++
    return findRoute(search)
  }
  await app.ready()
  const count = async (method: string, url: string) => {
    asked = 0
    await ask(app, method, url)
    return asked
  }
  await count('PATCH', '/first')
  const inUse = methodsInUse(installed(app)).length
  t.equal(inUse, 5)
  t.equal(await count('GET', '/users/1'), 0)
  t.equal(await count('PUT', '/users/1'), 0)
  t.equal(await count('PATCH', '/users/1'), inUse)
  t.equal(await count('PATCH', '/users/1'), inUse)
  t.equal(await count('PATCH', '/users/1'), 0, 'from the third time on')
  t.equal(await count('PATCH', '/nope'), inUse)
  t.equal(await count('GET', '/nope'), inUse)
  t.equal(await count('POST', '/nope'), 0)
  t.equal(await count('PATCH', `/users/${'x'.repeat(90)}`), inUse)
  t.equal(await count('OPTIONS', '/users?a'), inUse)
})

t.test('with the option allow, a URL that was asked twice is searched for what that leaves alone', async t => {
  const app = build(t, { routes: ['GET /users/:id', 'PUT /users/:id', 'POST /users'], plugin: { allow: () => ['GET'] } })
  const asked: unknown[] = []
  const { findRoute } = app
  app.findRoute = search => {
    asked.push(search.method)
    return findRoute(search)
  }
  for (let i = 0; i < 3; i++) t.equal(await ask(app, 'PATCH', '/users/1'), 'GET')
  asked.length = 0
  t.equal(await ask(app, 'PATCH', '/users/1'), 'GET')
  t.strictSame(asked, ['GET'])
})

t.test('nothing grows with traffic: the tables are bounded', async t => {
  const app = build(t, { routes: ['GET /users/:id', 'PUT /users/:id', 'POST /users'] })
  await app.ready()
  const { recent, lists } = installed(app)
  const wrong: number[] = []
  const places = [recent.hashes, recent.findings].map(({ length }) => length)
  for (let i = 0; i < 6000; i++) {
    if (await ask(app, 'PATCH', `/users/${i >> 1}?${i >> 1}`) !== 'GET, HEAD, PUT') wrong.push(i)
  }
  t.strictSame(wrong, [])
  t.ok(recent.findings.filter(finding => finding !== undefined).length > 1000)
  t.strictSame([recent.hashes, recent.findings].map(({ length }) => length), places)
  t.equal(lists.size, 1)
})

t.test('URLs with the same methods share one list, as far as a table of lists goes', async t => {
  const methods = ['COPY', 'DELETE', 'GET', 'LOCK', 'MKCOL', 'MOVE', 'PATCH', 'POST', 'PROPFIND', 'PUT', 'SEARCH'] as const
  const app = build(t, { fastify: { exposeHeadRoutes: false } })
  await app.after()
  for (const method of ['COPY', 'LOCK', 'MKCOL', 'MOVE', 'PROPFIND', 'SEARCH']) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  const subset = (bits: number) => methods.filter((_, at) => bits >> at & 1)
  for (let bits = 1; bits <= 1100; bits++) app.route({ method: [...subset(bits)], url: `/${bits}/:id`, handler: async () => 'x' })
  await app.ready()
  const find = (bits: number, id: number) => routedMethods(installed(app), `/${bits}/${id}`, undefined, false)
  const wrong = Array.from({ length: 1100 }, (_, at) => at + 1).filter(bits => find(bits, 1).join() !== subset(bits).join())
  t.strictSame(wrong, [])
  t.equal(find(7, 1), find(7, 2))
  t.not(find(1100, 1), find(1100, 2))
  t.equal(installed(app).lists.size, 1000)
})

t.test('a URL that was asked twice is not answered for other constraints', async t => {
  for (const [constraints, headers, allow] of [
    [{ version: '1.0.0' }, { 'accept-version': '1.x' }, 'PUT'],
    [{ host: 'a.example' }, { host: 'a.example' }, 'GET, HEAD, PUT']
  ] as const) {
    const app = build(t)
    app.get('/a', async () => 'a')
    app.put('/a', { constraints }, async () => 'a')
    for (let i = 0; i < 4; i++) {
      t.equal(await ask(app, 'PATCH', '/a'), 'GET, HEAD')
      t.equal(await ask(app, 'PATCH', '/a', headers), allow)
    }
  }
})
