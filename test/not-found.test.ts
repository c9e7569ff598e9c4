import cors from '@fastify/cors'
import { Value } from '@sinclair/typebox/value'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { ProblemDetails } from '../plugin/index.js'
import { ask, build, declare, exchange, routerOptions } from './helpers.js'

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

t.test('notFound: the 404s of the app become problem+json', async t => {
  const app = build(t, { plugin: { notFound: true }, routes: ['GET /a'] })
  app.get('/gone', async (_request, reply) => reply.callNotFound())
  const reply = await app.inject('/b?c=d')
  t.equal(reply.statusCode, 404)
  t.equal(reply.headers['content-type'], 'application/problem+json')
  t.equal(reply.headers.allow, undefined)
  const body = { type: 'https://httpwg.org/specs/rfc9110.html#status.404', title: 'Not Found', status: 404, detail: 'This URL does not exist.', instance: '/b' }
  t.strictSame(reply.json(), body)
  t.ok(Value.Check(ProblemDetails, reply.json()))
  t.strictSame((await app.inject('/gone')).json(), { ...body, instance: '/gone' }, 'also by reply.callNotFound()')
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.equal((await app.inject({ method: 'HEAD', url: '/b' })).payload, '')
  t.equal((await app.inject({ method: 'HEAD', url: '/b' })).headers['content-length'], (await app.inject('/b')).headers['content-length'])
})

t.test("notFound: logs the line of Fastify's 404", async t => {
  const lines: string[] = []
  const app = build(t, { plugin: { notFound: true }, fastify: { logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line).msg) } } } } })
  await app.inject('/b')
  t.strictSame(lines, ['incoming request', 'Route GET:/b not found', 'request completed'])
})

t.test('notFound: an app with a not-found handler of its own does not start', async t => {
  const refused = {
    code: 'FST_ALLOWED_METHODS_INVALID_OPTION',
    message: /^option 'notFound' must be false where the app has a not-found handler of its own, got true; leave out the one or the other \(/
  }
  const before = build(t, { plugin: false })
  before.setNotFoundHandler(async () => 'mine')
  before.register(fastifyAllowedMethods, { notFound: true })
  await t.rejects(async () => await before.ready(), refused)

  const later = build(t, { plugin: { notFound: true } })
  later.setNotFoundHandler(async () => 'mine')
  await t.rejects(async () => await later.ready(), refused, 'also where it is declared after an app.register that was not awaited')

  const awaited = build(t, { plugin: false })
  await awaited.register(fastifyAllowedMethods, { notFound: true })
  t.throws(() => awaited.setNotFoundHandler(async () => 'mine'), { message: /already set/ })

  const child = build(t, { plugin: false })
  child.register(async api => {
    api.setNotFoundHandler(async () => 'mine')
    api.register(fastifyAllowedMethods, { notFound: true })
  }, { prefix: '/api' })
  await t.rejects(async () => await child.ready(), refused)

  const both = build(t, { plugin: { notFound: true } })
  both.register(async api => {
    api.setNotFoundHandler(async () => 'mine')
    api.register(fastifyAllowedMethods, { notFound: true })
  }, { prefix: '/api' })
  await t.rejects(async () => await both.ready(), refused, 'also where the app around it has the option')
})

t.test("notFound: given in a prefix, its scope's hooks run for its 404s, also in an app that has the option", async t => {
  for (const plugin of [{}, { notFound: true }]) {
    const app = build(t, { plugin })
    app.register(async api => {
      api.addHook('onRequest', async (_request, reply) => { reply.header('x-scope', 'api') })
      api.register(fastifyAllowedMethods, { notFound: true })
    }, { prefix: '/api' })
    t.equal((await app.inject('/api/b')).headers['x-scope'], 'api')
    t.equal((await app.inject('/b')).headers['x-scope'], undefined)
  }
})

t.test('notFound: from a child without prefix it holds for the app, from a prefix for that prefix', async t => {
  const media = async (app: FastifyInstance, url: string) => (await app.inject(url)).headers['content-type']
  const child = build(t, { plugin: false })
  child.register(async api => {
    api.addHook('onRequest', async (_request, reply) => reply.code(401).send('who are you?'))
    api.register(fastifyAllowedMethods, { notFound: true })
  })
  t.equal(await media(child, '/b'), 'application/problem+json', "and the child's hooks do not run")

  const app = build(t)
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
  app.register(async api => {
    api.register(fastifyAllowedMethods, { notFound: true })
    declare(api, 'GET /a')
  }, { prefix: '/api' })
  t.equal(await media(app, '/b'), 'text/plain; charset=utf-8')
  t.equal(await media(app, '/api/b'), 'application/problem+json')
  t.equal(await ask(app, 'PUT', '/api/a'), 'GET, HEAD')
})

t.test('notFound: the options of a prefix count in it, also where the handler is that of the app', async t => {
  const app = build(t, { plugin: { notFound: true } })
  app.register(async api => { api.register(fastifyAllowedMethods, { throw: true }) }, { prefix: '/api' })
  t.equal((await app.inject('/api/b')).json().code, 'FST_ALLOWED_METHODS_NOT_FOUND')
  t.equal((await app.inject('/b')).json().code, undefined)
})

t.test('notFound: in a prefix, also for a URL that only Fastify takes for one of it', async t => {
  const app = build(t, { plugin: false, fastify: routerOptions({ useSemicolonDelimiter: true }) })
  app.register(async api => { api.register(fastifyAllowedMethods, { notFound: true, throw: true }) }, { prefix: '/a;b' })
  await app.ready()
  const reply = await app.inject('/a;b')
  t.strictSame([reply.statusCode, reply.json().code], [404, 'FST_ALLOWED_METHODS_NOT_FOUND'])
})

t.test('notFound: in prefixes that Fastify does not tell apart, and in a scope whose prefix is that of the root', async t => {
  const prefixes: [prefixes: string[], url: string][] = [
    [['/a', '/a/'], '/a/x'], [['/a/', '/a'], '/a/x'], [['/:t', '/:u'], '/1/x'], [['/:t(^1$)/a', '/:u(^1$)/a'], '/1/a/x'], [['/a::b', '/a::c'], '/a:c/x'], [['/a::', '/a:t'], '/ab/x'], [['/', ''], '/x']
  ]
  for (const [[first, second], url] of prefixes) {
    const app = build(t)
    for (const prefix of [first, second] as string[]) app.register(async scope => { scope.register(fastifyAllowedMethods, { notFound: true }) }, { prefix })
    t.equal((await app.inject(url)).headers['content-type'], 'application/problem+json', url)
  }
  const own = build(t, { plugin: false })
  own.setNotFoundHandler(async () => 'own')
  own.register(async scope => { scope.register(fastifyAllowedMethods, { notFound: true }) }, { prefix: '/' })
  await t.rejects(own.inject('/'), { code: 'FST_ALLOWED_METHODS_INVALID_OPTION' })
})

t.test('notFound: given again, in the same scope or one within, it is set once', async t => {
  const app = build(t, { plugin: { notFound: true } })
  app.register(fastifyAllowedMethods, { notFound: true, type: '/405' })
  app.register(async api => {
    api.register(fastifyAllowedMethods, { notFound: true })
    declare(api, 'GET /a')
  }, { prefix: '/api' })
  for (const url of ['/b', '/api/b']) t.equal((await app.inject(url)).headers['content-type'], 'application/problem+json')
  t.equal((await app.inject({ method: 'PUT', url: '/api/a' })).json().type, '/405')
})

t.test('answerOptions: 204 with Allow on a known URL that has no OPTIONS route (RFC 9110 §9.3.7)', async t => {
  const app = build(t, { plugin: { answerOptions: true }, routes: ['GET /a', 'PUT /a', 'OPTIONS /b', 'GET /b', 'TRACE /c'] })
  const raw = await exchange(app, 'OPTIONS /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}')
  const [head = '', body] = raw.split('\r\n\r\n')
  t.equal(body, '')
  t.strictSame(head.split('\r\n').filter(line => !line.startsWith('Date: ')), ['HTTP/1.1 204 No Content', 'allow: GET, HEAD, OPTIONS, PUT', 'Connection: close'])
  t.equal((await app.inject({ method: 'OPTIONS', url: '/c' })).headers.allow, 'OPTIONS, TRACE')
  t.equal((await app.inject({ method: 'OPTIONS', url: '/b' })).payload, 'OPTIONS /b', 'a route of the app answers itself')
  t.equal(await ask(app, 'OPTIONS', '/d'), 404)
  t.equal(await ask(app, 'POST', '/a'), 'GET, HEAD, PUT', 'Allow of a 405 is what is routed')
  t.equal(await ask(build(t, { routes: ['GET /a'] }), 'OPTIONS', '/a'), 'GET, HEAD', 'off by default')
})

t.test('answerOptions: a preflight is answered by CORS alone, in either order', async t => {
  const preflight = { origin: 'https://a.example', 'access-control-request-method': 'PUT' }
  for (const first of [true, false]) {
    for (const options of [{}, { strictPreflight: false }, { preflight: false }]) {
      const replies = await Promise.all([true, false].map(async isTested => {
        const app = build(t, { plugin: false })
        if (isTested && first) await app.register(fastifyAllowedMethods, { answerOptions: true })
        await app.register(cors, options)
        if (isTested && !first) await app.register(fastifyAllowedMethods, { answerOptions: true })
        declare(app, 'GET /a', 'PUT /a')
        return await Promise.all([preflight, {}].map(async headers => {
          const { statusCode, headers: { date, ...others }, payload } = await app.inject({ method: 'OPTIONS', url: '/a', headers })
          return { statusCode, others, payload }
        }))
      }))
      t.strictSame(replies[0], replies[1])
    }
  }
})

t.test('notImplemented: 501 where no route of the app takes the method, whatever the URL (RFC 9110 §15.6.2)', async t => {
  const app = build(t, { plugin: { notImplemented: true }, routes: ['POST /a', 'PUT /b'] })
  for (const url of ['/a', '/nowhere']) {
    const reply = await app.inject({ method: 'DELETE', url: `${url}?b` })
    t.equal(reply.statusCode, 501)
    t.equal(reply.headers['content-type'], 'application/problem+json')
    t.equal(reply.headers.allow, undefined)
    t.strictSame(reply.json(), {
      type: 'https://httpwg.org/specs/rfc9110.html#status.501',
      title: 'Not Implemented',
      status: 501,
      detail: 'This service supports DELETE at no URL.',
      instance: url
    })
    t.ok(Value.Check(ProblemDetails, reply.json()))
  }
  t.equal(await ask(app, 'PUT', '/a'), 'POST')
  t.equal(await ask(app, 'PUT', '/c'), 404)
  t.equal(await ask(app, 'GET', '/a'), 'POST', 'never for GET')
  t.equal(await ask(app, 'HEAD', '/a'), 'POST', 'never for HEAD')
  t.equal(await ask(app, 'GET', '/c'), 404)
  t.equal(await ask(app, 'OPTIONS', '/a'), 501)
  const both = build(t, { plugin: { notImplemented: true, answerOptions: true }, routes: ['POST /a'] })
  t.strictSame([await ask(both, 'OPTIONS', '/a'), await ask(both, 'DELETE', '/a')], [204, 501], 'but for OPTIONS that the plugin answers, and for that alone')
  t.match(await exchange(app, 'MKCALENDAR /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 501 Not Implemented\r\n/)
})

t.test('notImplemented: counts routes of any scope and order, and those under constraints', async t => {
  const app = build(t, { plugin: false, routes: ['PATCH /early'] })
  app.register(async api => { api.route({ method: 'TRACE', url: '/v', constraints: { version: '1.0.0' }, handler: async () => 'v' }) }, { prefix: '/api' })
  app.register(fastifyAllowedMethods, { notImplemented: true })
  t.equal(await ask(app, 'PATCH', '/x'), 404)
  t.equal(await ask(app, 'TRACE', '/x'), 404)
  t.equal(await ask(app, 'DELETE', '/x'), 501)
})

t.test("with an async option: an error in what follows the hook goes to the app's error handler too", async t => {
  const app = build(t, { plugin: false })
  app.addHook('preParsing', (_request, _reply, _payload, done) => { done(null, Buffer.from('no stream') as never) })
  app.register(fastifyAllowedMethods, { allow: async () => [] })
  app.get('/a', async () => '')
  t.equal((await app.inject({ method: 'PUT', url: '/a', payload: {} })).statusCode, 500)
})
