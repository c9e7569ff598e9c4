import t from 'tap'
import Fastify from 'fastify'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions } from '../plugin/index.js'
import { methodsInUse } from '../plugin/routed.js'
import { ask, build, installed } from './helpers.js'

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

t.test('allow: leaves the reads that are not routed to the not-found handler of a single-page app', async t => {
  const app = build(t, { plugin: { allow: (methods, { is404, method }) => is404 && ['GET', 'HEAD'].includes(method) ? [] : methods }, routes: ['POST /login'] })
  app.setNotFoundHandler(async () => 'page')
  app.get('/state', async (_request, reply) => reply.sendMethodNotAllowed(['POST']))
  t.strictSame([await ask(app, 'GET', '/login'), await ask(app, 'PUT', '/login'), await ask(app, 'GET', '/state')], [200, 'POST', 'POST'])
})
