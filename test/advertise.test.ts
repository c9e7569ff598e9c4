import { createReadStream } from 'node:fs'
import { type Interface, createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, gzipSync } from 'node:zlib'
import Fastify from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions } from '../plugin/index.js'
import { ask, build, declare, exchange, leave } from './helpers.js'

const advertise = true

t.test('every routed response has the Allow of its URL: the request\'s own method too (RFC 9110 §10.2.1)', async t => {
  const app = build(t, { plugin: { advertise }, routes: ['GET /a', 'PUT /a', 'OPTIONS /b', 'GET /b'] })
  app.post('/a', { schema: { body: { type: 'object' } } }, async () => { throw new Error('oops') })
  app.get('/stream', async () => Readable.from(['a', 'b']))
  app.get('/redirect', async (_request, reply) => reply.redirect('/a'))
  app.get('/missing', async (_request, reply) => reply.code(404).send())
  app.addHook('onSend', async (_request, _reply, payload) => {
    await new Promise(resolve => setTimeout(resolve, 2))
    return payload
  })
  const cases: [string, string, number, string][] = [
    ['GET', '/a?b', 200, 'GET, HEAD, POST, PUT'],
    ['HEAD', '/a', 200, 'GET, HEAD, POST, PUT'],
    ['PUT', '/a', 200, 'GET, HEAD, POST, PUT'],
    ['OPTIONS', '/b', 200, 'GET, HEAD, OPTIONS'],
    ['GET', '/stream', 200, 'GET, HEAD'],
    ['GET', '/redirect', 302, 'GET, HEAD'],
    ['GET', '/missing', 404, 'GET, HEAD']
  ]
  for (const [method, url, status, allow] of cases) {
    const reply = await app.inject({ method: method as 'GET', url })
    t.strictSame([reply.statusCode, reply.headers.allow], [status, allow], `${method} ${url}`)
  }
  const post = async (payload: string) => {
    const { statusCode, headers } = await app.inject({ method: 'POST', url: '/a', payload, headers: { 'content-type': 'application/json' } })
    return [statusCode, headers.allow]
  }
  t.strictSame(await post('{}'), [500, 'GET, HEAD, POST, PUT'])
  t.strictSame(await post('{'), [400, 'GET, HEAD, POST, PUT'])
  t.match(await exchange(app, 'HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n[^]*\r\nallow: GET, HEAD, POST, PUT\r\n[^]*\r\n\r\n$/)
})

t.test('what is not routed is as ever', async t => {
  const app = build(t, { plugin: { advertise }, routes: ['GET /a'] })
  app.get('/hidden', async (_request, reply) => reply.callNotFound())
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  for (const url of ['/b', '/hidden', '/%zz']) t.equal((await app.inject(url)).headers.allow, undefined)
})

t.test("a handler's own Allow stays; a 405 of its own does not list the method that it refuses", async t => {
  const app = build(t, { plugin: { advertise }, routes: ['PUT /archive', 'DELETE /archive'] })
  app.get('/own', async (_request, reply) => reply.header('Allow', 'GET').send('own'))
  app.get('/archive', async (_request, reply) => reply.code(405).send())
  app.post('/archive', async (_request, reply) => reply.code(405).send())
  app.get('/closed', async (_request, reply) => reply.sendMethodNotAllowed([]))
  const allow = async (method: string, url: string) => (await app.inject({ method: method as 'GET', url })).headers.allow
  t.equal(await allow('GET', '/own'), 'GET')
  t.equal(await allow('GET', '/archive'), 'DELETE, POST, PUT')
  t.equal(await allow('POST', '/archive'), 'DELETE, GET, HEAD, PUT')
  t.equal(await allow('GET', '/closed'), '')
})

t.test('it holds for the constraints of the request, the options of the prefix, and what allow leaves', async t => {
  const app = build(t, { plugin: { advertise, allow: async methods => methods.filter(method => method !== 'DELETE') }, routes: ['GET /a', 'DELETE /a', 'DELETE /b'] })
  app.get('/v', { constraints: { version: '1.0.0' } }, async () => 'v')
  app.put('/v', { constraints: { version: '2.0.0' } }, async () => 'v')
  app.register(async api => {
    api.register(fastifyAllowedMethods, { advertise: false })
    declare(api, 'GET /a')
  }, { prefix: '/api' })
  const allow = async (method: string, url: string, headers = {}) => (await app.inject({ method: method as 'GET', url, headers })).headers.allow
  t.equal(await allow('GET', '/a'), 'GET, HEAD')
  t.equal(await allow('DELETE', '/b'), undefined, 'a list that is empty is not sent')
  t.equal(await allow('GET', '/v', { 'accept-version': '1.x' }), 'GET, HEAD')
  t.equal(await allow('PUT', '/v', { 'accept-version': '2.x' }), 'PUT')
  t.equal(await allow('GET', '/api/a'), undefined)
})

t.test('where it is off, in a prefix or outside of that of the plugin, no option is asked and nothing is logged', async t => {
  const lines: string[] = []
  const app = build(t, { plugin: false, fastify: { logger: { level: 'warn', stream: { write: line => { lines.push(line) } } } } })
  let asked = 0
  app.register(async api => {
    api.register(fastifyAllowedMethods, { advertise, allow: methods => { asked++; return methods } })
    api.register(async inner => {
      inner.register(fastifyAllowedMethods, { advertise: false })
      declare(inner, 'GET /a')
    }, { prefix: '/inner' })
    api.addHook('onRequest', async ({ raw }) => { if (raw.url === '/api/moved') raw.url = '/elsewhere' })
    declare(api, 'GET /moved')
  }, { prefix: '/api' })
  for (const url of ['/api/inner/a', '/api/moved']) {
    const reply = await app.inject(url)
    t.strictSame([reply.statusCode, reply.headers.allow], [200, undefined], url)
  }
  t.strictSame([asked, lines], [0, []])
})

t.test('an option that fails is logged, and leaves the response as it is', async t => {
  for (const allow of [() => { throw new Error('oops') }, async () => { throw new Error('oops') }]) {
    const lines: { level: number, msg: string, err?: { message: string } }[] = []
    const logger = { level: 'error', stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } }
    const app = build(t, { plugin: { advertise, allow }, routes: ['GET /a'], fastify: { logger } })
    const reply = await app.inject('/a')
    t.strictSame([reply.statusCode, reply.payload, reply.headers.allow], [200, 'GET /a', undefined])
    t.strictSame(lines.map(({ level, msg, err }) => [level, msg, err?.message]), [[50, 'fastify-allowed-methods: Allow is left out', 'oops']])
  }
})

t.test('off, it adds no hook', async t => {
  const hooks = async (plugin: object) => {
    const app = build(t, { plugin, routes: ['GET /a'] })
    await app.ready()
    return app.printRoutes({ includeHooks: true, commonPrefix: false })
  }
  t.notMatch(await hooks({}), 'advertiseAllow')
  t.match(await hooks({ advertise }), /onSend\) \["advertiseAllow\(\)"/)
})

t.test('a scope that was registered before the plugin has it too, and a CORS preflight has not', async t => {
  const app = build(t, { plugin: false })
  app.register(async api => { declare(api, 'GET /a', 'OPTIONS /a') }, { prefix: '/api' })
  app.register(fastifyAllowedMethods, { advertise })
  t.equal((await app.inject('/api/a')).headers.allow, 'GET, HEAD, OPTIONS')
  t.equal((await app.inject({ method: 'OPTIONS', url: '/api/a' })).headers.allow, 'GET, HEAD, OPTIONS')
  const asked = async (method: 'GET' | 'OPTIONS') => (await app.inject({ method, url: '/api/a', headers: { 'access-control-request-method': 'PUT' } })).headers.allow
  t.equal(await asked('OPTIONS'), undefined)
  t.equal(await asked('GET'), 'GET, HEAD, OPTIONS', 'a GET is no preflight')
})

/** Options that are async, and settle soon or late. */
const asyncOptions: FastifyAllowedMethodsOptions[] = [
  { allow: async methods => methods }, { allow: async methods => sleep(20, methods) }, { constraints: async () => ({}) }, { constraints: async () => sleep(20, {}) }
]

t.test('no reply waits for an async option: the first is sent, though a hook that refuses does not return it, and nothing of another', async t => {
  for (const option of asyncOptions) {
    for (const [name, allow] of [['onRequest', undefined], ['preHandler', 'GET, HEAD']] as const) {
      const app = build(t, { plugin: { advertise, ...option } })
      let handled = 0
      app.addHook(name, async (_request, reply) => { reply.code(401).send('who are you?') })
      app.get('/a', async (_request, reply) => {
        handled++
        return reply.code(201).header('set-cookie', 'session=1').send('secret')
      })
      const reply = await app.inject('/a')
      t.strictSame([reply.statusCode, reply.payload, reply.headers['set-cookie'], reply.headers.allow, handled], [401, 'who are you?', undefined, allow, 0], name)
    }
    const app = build(t, { plugin: { advertise, ...option } })
    app.get('/twice', (_request, reply) => { reply.send('once').send('twice') })
    app.get('/throws', async (_request, reply) => {
      reply.send('once')
      throw new Error('after the reply')
    })
    for (const url of ['/twice', '/throws']) {
      const reply = await app.inject(url)
      t.strictSame([reply.statusCode, reply.payload, reply.headers.allow], [200, 'once', 'GET, HEAD'], url)
    }
  }
})

t.test('a function that may be async is called once, before the handler', async t => {
  for (const settle of [(methods: string[]) => methods, async (methods: string[]) => methods]) {
    const calls: string[] = []
    const app = build(t, { plugin: { advertise, allow: (methods, { method }) => { calls.push('allow'); return settle(method === 'PUT' ? [] : methods) } } })
    app.addHook('onSend', async (_request, reply) => { if (reply.statusCode === 200) throw Object.assign(new Error('too late'), { statusCode: 418 }) })
    app.register(async scope => {
      scope.register(fastifyAllowedMethods, { advertise })
      scope.get('/a', async () => calls.push('handler'))
    })
    const reply = await app.inject('/a')
    t.strictSame([reply.statusCode, reply.json().message, reply.headers.allow, calls], [418, 'too late', 'GET, HEAD', ['allow', 'handler']])
    t.equal(await ask(app, 'PUT', '/a'), 404)
    t.strictSame(calls, ['allow', 'handler', 'allow'], 'and once for a 404')
  }
})

t.test('a stream that fails does so as without the plugin', async t => {
  for (const option of asyncOptions) {
    const app = build(t, { plugin: { advertise, ...option } })
    app.get('/a', (_request, reply) => { reply.send(createReadStream('/nowhere')) })
    const reply = await app.inject('/a')
    t.strictSame([reply.statusCode, reply.json().code, reply.headers.allow], [500, 'ENOENT', 'GET, HEAD'])
  }
})

t.test('a body that an earlier hook reads into a stream of its own arrives, and its error is a reply', async t => {
  for (const option of asyncOptions) {
    const app = build(t, { plugin: false })
    app.addHook('preParsing', async (request, _reply, payload) =>
      Object.assign(payload.pipe(createGunzip()), { receivedEncodedLength: Number(request.headers['content-length']) }))
    app.register(fastifyAllowedMethods, { advertise, ...option })
    app.post('/a', async request => request.body)
    const post = (payload: Buffer) => app.inject({ method: 'POST', url: '/a', payload, headers: { 'content-type': 'text/plain' } })
    t.strictSame([(await post(gzipSync('body'))).payload, (await post(gzipSync('body'))).headers.allow], ['body', 'POST'])
    t.equal((await post(Buffer.from('no gzip'))).statusCode, 400)
  }
})

const noTimeout = !('handlerTimeout' in Fastify({ handlerTimeout: 50 }).initialConfig) && 'no option of this Fastify'

t.test('while an option does not settle, handlerTimeout answers, and no handler runs once it has', { skip: noTimeout }, async t => {
  for (const allow of [() => new Promise<string[]>(() => {}), async (methods: string[]) => sleep(50, methods)]) {
    const app = build(t, { plugin: { advertise, allow }, fastify: { handlerTimeout: 30 } })
    let handled = 0
    app.addHook('onSend', async (_request, _reply, payload) => sleep(40, payload))
    app.get('/a', async () => ++handled)
    t.equal((await app.inject('/a')).statusCode, 503)
    await sleep(60)
    t.equal(handled, 0)
  }
})

t.test('a timeout that came before leaves the request to its handler, as without the plugin', { skip: noTimeout }, async t => {
  for (const plugin of [false, { advertise, allow: async (methods: string[]) => methods }] as const) {
    const app = build(t, { plugin, fastify: { handlerTimeout: 20 } })
    app.addHook('onRequest', async () => sleep(40))
    app.setErrorHandler(async (_error, _request, reply) => {
      await sleep(60)
      return reply.code(503).send('too late')
    })
    app.get('/a', async () => 'a')
    t.equal((await app.inject('/a')).payload, 'a')
  }
})

t.test('an error in what follows a hook that has waited is a reply', async t => {
  const app = build(t, { plugin: { advertise, allow: async methods => methods }, routes: ['GET /a'] })
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.url === '/a') throw new Error('thrown')
    done()
  })
  app.setSchemaErrorFormatter(() => { throw new Error('thrown') })
  app.get('/b', { schema: { querystring: { type: 'object', required: ['x'] } } }, async () => 'b')
  app.get('/c', (_request, reply) => reply.type('text/x').serializer(() => { throw new Error('thrown') }).send({}))
  for (const url of ['/a', '/b', '/c']) {
    const reply = await app.inject(url)
    t.strictSame([reply.statusCode, reply.json().message, reply.headers.allow], [500, 'thrown', 'GET, HEAD'], url)
  }
})

t.test('a body that is read by something else than a stream arrives, and what only looks like a stream is a body', async t => {
  for (const option of asyncOptions) {
    const app = build(t, { plugin: { advertise, ...option } })
    app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => { done(null, createInterface({ input: payload })) })
    app.addContentTypeParser('application/x', { parseAs: 'string' }, (_request, _body, done) => { done(null, { resume () {} }) })
    app.post('/lines', (request, reply) => {
      const lines: string[] = []
      const body = request.body as Interface
      body.on('line', line => { lines.push(line) }).on('close', () => { reply.send(lines.join()) })
    })
    app.post('/a', async ({ body }) => Object.keys(body as object).join())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const post = async (path: string, type: string, body: string) =>
      (await fetch(url + path, { method: 'POST', body, headers: { 'content-type': type }, signal: AbortSignal.timeout(5000) })).text()
    t.equal(await post('/lines', 'application/x-ndjson', '1\n2\n'), '1,2')
    t.equal(await post('/a', 'application/x', 'x'), 'resume')
    t.equal(await post('/a', 'application/json', '{"readableFlowing":true}'), 'readableFlowing')
  }
})

t.test('a body that a content type parser passes on as a stream arrives, and its error is the reader\'s', async t => {
  for (const option of asyncOptions) {
    const app = build(t, { plugin: { advertise, ...option } })
    let bytes = 0
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.headers['content-type'] === 'application/x') request.raw.on('data', (chunk: Buffer) => { bytes += chunk.length })
      done()
    })
    app.addContentTypeParser('application/gzip', (_request, payload, done) => { done(null, payload.pipe(createGunzip())) })
    app.addContentTypeParser('application/x', (_request, payload, done) => { done(null, payload) })
    app.post('/a', (request, reply) => {
      let text = ''
      const body = request.body as Readable
      body.on('data', (chunk: Buffer) => { text += chunk.toString() }).on('end', () => { reply.send(text) }).on('error', error => { reply.send(error) })
    })
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/a`
    const post = async (type: string, body: Buffer) => {
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type }, signal: AbortSignal.timeout(5000) })
      return [response.status, response.headers.get('allow'), response.status === 200 ? await response.text() : (await response.json() as { code: string }).code]
    }
    t.strictSame(await post('application/gzip', gzipSync('body')), [200, 'POST', 'body'])
    t.strictSame(await post('application/gzip', Buffer.from('no gzip')), [500, 'POST', 'Z_DATA_ERROR'])
    t.strictSame(await post('application/x', Buffer.from('body')), [200, 'POST', 'body'])
    t.equal(bytes, 4)
  }
})

t.test('request.signal tells the app what it does without the plugin', { skip: noTimeout }, async t => {
  for (const plugin of [false, { advertise, constraints: async () => ({}) }] as const) {
    const app = build(t, { plugin, fastify: { forceCloseConnections: true } })
    app.addContentTypeParser('application/x', (_request, payload, done) => { done(null, payload) })
    app.post('/a', async request => {
      await (request.body as Readable).toArray()
      await sleep(20)
      return String(request.signal.aborted)
    })
    app.setNotFoundHandler(async (request, reply) => {
      await sleep(20)
      return reply.code(404).send(String(request.signal.aborted))
    })
    const left = new Promise(resolve => {
      app.get('/events', (request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200).write('event')
        request.signal.addEventListener('abort', resolve)
      })
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const post = async (path: string) => (await fetch(url + path, { method: 'POST', body: '{}', headers: { 'content-type': path === '/a' ? 'application/x' : 'application/json' } })).text()
    t.strictSame([await post('/a'), await post('/unknown')], ['false', 'false'])
    const leaving = new AbortController()
    await fetch(`${url}/events`, { signal: leaving.signal })
    leaving.abort()
    t.ok(await left)
  }
})

t.test('a reply that becomes a 405 or a 404 in the end has the Allow of such', async t => {
  const app = build(t, { plugin: { advertise } })
  const refusal = (statusCode: number) => Object.assign(new Error('refused'), { statusCode })
  app.addHook('onSend', async request => { if (request.url !== '/stream' && !request.is404) throw refusal(request.url === '/gone' ? 404 : 405) })
  app.setErrorHandler((error: { statusCode: number }, _request, reply) => {
    if (error.statusCode === 404) reply.callNotFound()
    else reply.removeHeader('allow').send(error)
  })
  app.post('/late', async () => 'late')
  app.post('/gone', async () => 'gone')
  app.post('/stream', (_request, reply) => { reply.send(new Readable({ read () { this.destroy(refusal(405)) } })) })
  app.get('/late', async () => 'late')
  const post = async (url: string) => {
    const { statusCode, headers } = await app.inject({ method: 'POST', url })
    return [statusCode, headers.allow]
  }
  t.strictSame([await post('/late'), await post('/stream'), await post('/gone')], [[405, 'GET, HEAD'], [405, ''], [404, undefined]])
})

t.test('what is sent before the body has been read has Allow, unless an option is async', async t => {
  for (const [option, allow] of [[{}, 'POST'], [{ allow: (methods: string[]) => methods }, 'POST'], ...asyncOptions.map(option => [option, undefined])] as const) {
    const app = build(t, { plugin: { advertise, ...option as object }, routes: ['POST /a'] })
    const reply = await app.inject({ method: 'POST', url: '/a', payload: '{', headers: { 'content-type': 'application/json' } })
    t.strictSame([reply.statusCode, reply.headers.allow], [400, allow])
  }
})

t.test('a client that leaves does not get past a refusal', async t => {
  for (const option of asyncOptions) {
    const app = build(t, { plugin: { advertise, ...option } })
    let handled = 0
    app.addHook('preHandler', async (_request, reply) => reply.code(401).send('who are you?'))
    app.delete('/users', async () => { handled++ })
    await leave(app, 'DELETE /users')
    await sleep(50)
    t.equal(handled, 0)
  }
})
