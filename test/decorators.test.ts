import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import Fastify, { type FastifyInstance, type FastifyReply, type HTTPMethods } from 'fastify'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions, type MethodNotAllowedProblem } from '../plugin/index.js'
import { ask, build, declare, leave, strategy } from './helpers.js'

const noTimeout = !('handlerTimeout' in Fastify({ handlerTimeout: 50 }).initialConfig) && 'no option of this Fastify'

t.test('app.allowedMethods: the sorted methods routed at a URL, none where it is unknown', async t => {
  const app = build(t, { routes: ['POST /users', 'GET /users', 'GET /*'] })
  await app.ready()
  t.strictSame(app.allowedMethods('/users?a=1'), ['GET', 'HEAD', 'POST'])
  t.strictSame(app.allowedMethods('http://a.example/users'), ['GET', 'HEAD', 'POST'])
  t.strictSame(app.allowedMethods('/nope'), [], 'a root catch-all makes no URL known')
  t.strictSame(app.allowedMethods('/%zz'), [])
  t.strictSame(app.allowedMethods(`/users/${'x'.repeat(101)}`), [])
})

t.test('app.allowedMethods takes constraints as an argument', async t => {
  const app = build(t, { routes: ['GET /a'] })
  app.post('/a', { constraints: { version: '1.0.0' } }, async () => 'a')
  await app.ready()
  t.strictSame(app.allowedMethods('/a'), ['GET', 'HEAD'])
  t.strictSame(app.allowedMethods('/a', { version: '1.x', host: 'a.example', colour: 'blue' }), ['POST'])
  const unversioned = build(t, { routes: ['GET /a'] })
  await unversioned.ready()
  t.strictSame(unversioned.allowedMethods('/a', { version: '1.x' }), ['GET', 'HEAD'], 'those of strategies that the app does not use are left out')
})

t.test('app.allowedMethods of a request: its own method too, under its constraints or those given', async t => {
  for (const isAsync of [false, true]) {
    const app = build(t, { routes: ['DELETE /a'], plugin: { constraints: isAsync ? async () => ({}) : () => ({}) } })
    app.post('/a', { constraints: { version: '1.0.0' } }, async request => {
      const methods = request.server.allowedMethods(request)
      t.equal(methods instanceof Promise, isAsync)
      return { own: await methods, given: await app.allowedMethods(request, {}) }
    })
    const reply = await app.inject({ method: 'POST', url: '/a?b', headers: { 'accept-version': '1.x' } })
    t.strictSame(reply.json(), { own: ['POST'], given: ['DELETE'] })
  }
})

t.test('app.allowedMethods of a request obeys the option allow, whatever the constraints are', async t => {
  const app = build(t, { routes: ['GET /a', 'DELETE /a'], plugin: { allow: methods => methods.filter(method => method !== 'DELETE') } })
  app.post('/a', { constraints: { version: '1.0.0' } }, async request => [
    await app.allowedMethods(request), await app.allowedMethods(request, {}), await app.allowedMethods(request, { version: '2.x' })
  ])
  const reply = await app.inject({ method: 'POST', url: '/a', headers: { 'accept-version': '1.x' } })
  t.strictSame(reply.json(), [['POST'], ['GET', 'HEAD'], []])
})

t.test('app.allowedMethods of a request takes values of a custom constraint, which the plugin itself does not know', async t => {
  const app = build(t, { routes: ['GET /a'] })
  app.addConstraintStrategy(strategy('tenant') as never)
  app.delete('/a', { constraints: { tenant: 't' } }, async () => 'a')
  app.post('/a', async request => [await app.allowedMethods(request), await app.allowedMethods(request, { tenant: 't' })])
  t.strictSame((await app.inject({ method: 'POST', url: '/a' })).json(), [['GET', 'HEAD', 'POST'], ['DELETE', 'GET', 'HEAD', 'POST']])
})

t.test('beside @fastify/express, which decodes the URL of a request, the routed one counts', async t => {
  const app = build(t, { plugin: { advertise: true }, routes: ['GET /users/:id', 'GET /A'] })
  app.decorate('express', {})
  app.addHook('onRequest', async ({ raw }) => { Object.assign(raw, { originalUrl: raw.url, hostname: 'localhost', url: decodeURI(raw.url as string) }) })
  app.patch('/sold/:id', (_request, reply) => { reply.sendMethodNotAllowed() })
  app.register(async api => {
    api.register(fastifyAllowedMethods, { type: '/inner', advertise: false, allow: methods => methods.filter(method => method !== 'DELETE') })
    declare(api, 'GET /y', 'DELETE /z')
    api.get('/z', async request => app.allowedMethods(request))
    api.patch('/y', (_request, reply) => { reply.sendMethodNotAllowed() })
  }, { prefix: '/%41' })
  for (let times = 0; times < 3; times++) {
    t.equal(await ask(app, 'PUT', '/users/100%25'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/%2541'), 404)
    t.equal((await app.inject('/users/100%25')).headers.allow, 'GET, HEAD')
    t.equal(await ask(app, 'PATCH', '/sold/100%25'), '')
    t.equal((await app.inject({ method: 'PUT', url: '/users/100%25' })).json().instance, '/users/100%25')
    for (const method of ['PUT', 'PATCH'] as const) t.equal((await app.inject({ method, url: '/%2541/y' })).json().type, '/inner', method)
    t.equal((await app.inject('/%2541/y')).headers.allow, undefined, 'as the options there ask')
    t.strictSame((await app.inject('/%2541/z')).json(), ['GET', 'HEAD'])
  }
})

t.test('until the hook of @fastify/express has run, an original URL is that before rewriteUrl', async t => {
  const app = build(t, { routes: ['GET /users'], fastify: { rewriteUrl: ({ url = '' }) => url.replace('/v1', '') } })
  app.decorate('express', {})
  app.addHook('preHandler', async ({ raw }) => { Object.assign(raw, { originalUrl: raw.url, hostname: 'localhost' }) })
  t.equal(await ask(app, 'PUT', '/v1/users'), 'GET, HEAD')
})

t.test('app.allowedMethods refuses what is neither a URL nor a request', async t => {
  const app = build(t)
  await app.ready()
  for (const [value, shown] of [[undefined, 'undefined'], [null, 'null'], [42, '42'], [{}, '{}'], [[], '[]']]) {
    t.throws(() => app.allowedMethods(value as never), {
      code: 'FST_ALLOWED_METHODS_INVALID_ARGUMENT', message: `allowedMethods takes a request or a URL, got ${shown}`
    })
  }
  t.throws(() => app.allowedMethods({ raw: { url: 1 } } as never), { code: 'FST_ALLOWED_METHODS_INVALID_ARGUMENT' })
  for (const [value, shown] of [[null, 'null'], ['GET', "'GET'"], [42, '42'], [new Map(), 'Map(0) {}']]) {
    t.throws(() => app.allowedMethods('/a', value as never), {
      code: 'FST_ALLOWED_METHODS_INVALID_ARGUMENT', message: `allowedMethods takes constraints as an object, got ${shown}`
    })
  }
})

t.test('outside the prefix that it is registered for, the decorators take the defaults', async t => {
  const app = build(t, { plugin: false, routes: ['GET /*', 'POST /a'] })
  await app.register(async api => {
    await api.register(fastifyAllowedMethods, { type: '/api', catchAll: true })
    t.strictSame(api.allowedMethods('/b'), [])
    t.strictSame(api.allowedMethods('/api/b'), ['GET', 'HEAD'])
    t.strictSame([...api.methodsByUrl.keys()].sort(), ['/*', '/a'])
  }, { prefix: '/api' })
  t.notOk(app.hasDecorator('allowedMethods'), 'they belong to the scope')
  app.register(async api => {
    await api.register(fastifyAllowedMethods)
    api.get('/moved', (request, reply) => {
      request.raw.url = '/elsewhere'
      reply.callNotFound()
    })
  }, { prefix: '/api' })
  app.setNotFoundHandler((_request, reply) => { reply.sendMethodNotAllowed([]) })
  t.equal((await app.inject('/api/moved')).json().type, 'https://httpwg.org/specs/rfc9110.html#status.405')
})

t.test('a name that the app has given away already stops the start', async t => {
  const both = build(t, { plugin: false })
  both.decorate('allowedMethods', undefined as never).decorateReply('sendMethodNotAllowed', undefined as never)
  both.register(fastifyAllowedMethods)
  await t.rejects(async () => await both.ready(), { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
  for (const name of ['allowedMethods', 'methodsByUrl', 'sendMethodNotAllowed'] as const) {
    for (const isSecond of [false, true]) {
      const app = build(t, { plugin: false })
      if (isSecond) app.register(async scope => { scope.register(fastifyAllowedMethods) }, { prefix: '/first' })
      app.register(async scope => {
        if (name === 'sendMethodNotAllowed') scope.decorateReply(name, () => { throw new Error('mine') })
        else scope.decorate(name, undefined as never)
        scope.register(fastifyAllowedMethods)
      }, { prefix: '/second' })
      await t.rejects(async () => await app.ready(), { code: 'FST_ERR_DEC_ALREADY_PRESENT' }, `${name}, ${isSecond}`)
    }
  }
})

t.test('a scope that registers later has them too', async t => {
  const app = build(t, { plugin: false })
  await app.register(async api => { await api.register(fastifyAllowedMethods) }, { prefix: '/api' })
  await app.register(fastifyAllowedMethods)
  t.ok(app.hasDecorator('allowedMethods') && app.hasReplyDecorator('sendMethodNotAllowed'))
})

const BODY = {
  type: 'https://httpwg.org/specs/rfc9110.html#status.405',
  title: 'Method Not Allowed',
  status: 405,
  detail: 'This URL supports DELETE and PUT.',
  instance: '/archive',
  allow: ['DELETE', 'PUT']
}

t.test('reply.sendMethodNotAllowed answers this very 405, from a handler or a hook', async t => {
  const ways: Record<string, (app: FastifyInstance) => void> = {
    handler: app => { app.get('/archive', (_request, reply) => { reply.sendMethodNotAllowed() }) },
    'async handler': app => { app.get('/archive', async (_request, reply) => reply.sendMethodNotAllowed()) },
    hook: app => { app.get('/archive', { onRequest: (_request, reply) => { reply.sendMethodNotAllowed() } }, async () => 'archive') },
    'async hook': app => { app.get('/archive', { preHandler: async (_request, reply) => reply.sendMethodNotAllowed() }, async () => 'archive') },
    'with a response schema': app => {
      const schema = { response: { 405: { type: 'object', properties: { status: { type: 'string' } } } } }
      app.get('/archive', { schema }, async (_request, reply) => reply.sendMethodNotAllowed())
    }
  }
  for (const [way, prepare] of Object.entries(ways)) {
    for (const constraints of [undefined, async () => ({})]) {
      const lines: string[] = []
      const logger = { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } }
      const app = build(t, { routes: ['PUT /archive', 'DELETE /archive'], plugin: { constraints }, fastify: { logger } })
      prepare(app)
      const [get, head] = await Promise.all((['GET', 'HEAD'] as const).map(method => app.inject({ method, url: '/archive?a' })))
      t.equal(get?.statusCode, 405, way)
      t.equal(get?.headers.allow, 'DELETE, PUT')
      t.equal(get?.headers['content-type'], 'application/problem+json')
      t.strictSame(get?.json(), BODY)
      t.equal(head?.headers['content-length'], get?.headers['content-length'], 'HEAD answers the Content-Length that GET does')
      t.equal(head?.payload, '')
      t.strictSame(lines, [], 'nothing went wrong on the way')
    }
  }
})

t.test('a handler that waits for the reply goes on once it is sent', async t => {
  for (const plugin of [{}, { problem: async problem => sleep(5, problem) }, { allow: async methods => sleep(5, methods) }] satisfies FastifyAllowedMethodsOptions[]) {
    const app = build(t, { plugin, routes: ['PUT /a'] })
    const finished = new Promise<number>(resolve => {
      app.get('/a', async (_request, reply) => {
        await reply.sendMethodNotAllowed()
        resolve(reply.raw.statusCode)
      })
    })
    t.equal(await ask(app, 'GET', '/a'), 'PUT')
    t.equal(await finished, 405)
  }
})

t.test('where root catch-alls alone take the URL, reply.sendMethodNotAllowed lists them: who refuses a method knows the URL', async t => {
  const constraints = { host: 'a.example' }
  for (const plugin of [{}, { allow: (methods: string[]) => methods }, { constraints: async () => ({}) }]) {
    const app = build(t, { plugin, routes: ['GET /*'] })
    for (const constraints of [{}, { host: 'a.example' }]) app.post('/*', { constraints }, async (_request, reply) => reply.sendMethodNotAllowed())
    app.route({ method: 'DELETE', url: '/*', constraints, handler: async () => 'deleted' })
    app.options('/nowhere', async (_request, reply) => reply.sendMethodNotAllowed())
    t.equal(await ask(app, 'POST', '/nowhere'), 'GET, HEAD, OPTIONS')
    t.equal(await ask(app, 'POST', '/elsewhere'), 'GET, HEAD')
    t.equal(await ask(app, 'POST', '/elsewhere', { host: 'a.example' }), 'DELETE, GET, HEAD')
    t.equal(await ask(app, 'OPTIONS', '/nowhere'), 'GET, HEAD, POST')
    t.equal(await ask(app, 'PUT', '/elsewhere'), 404)
  }
  const app = build(t)
  app.get('/*', async (_request, reply) => reply.sendMethodNotAllowed())
  t.equal(await ask(app, 'GET', '/nowhere'), '', 'GET and HEAD are refused together')
})

t.test('allow: where it hides all but root catch-alls, reply.sendMethodNotAllowed is the 404 of the app', async t => {
  const app = build(t, { plugin: { allow: methods => methods.filter(method => method !== 'POST') }, routes: ['GET /*'] })
  app.post('/hidden', async (_request, reply) => reply.sendMethodNotAllowed())
  t.equal(await ask(app, 'POST', '/hidden'), 404)
})

t.test('what is routed is listed in a not-found handler too, after reply.callNotFound()', async t => {
  const app = build(t, { routes: ['DELETE /a'] })
  app.get('/a', (_request, reply) => { reply.callNotFound() })
  app.setNotFoundHandler((request, reply) => {
    if (request.headers.refuse === undefined) reply.send(app.allowedMethods(request))
    else reply.sendMethodNotAllowed()
  })
  t.strictSame((await app.inject('/a')).json(), ['DELETE', 'GET', 'HEAD'])
  t.equal((await app.inject({ url: '/a', headers: { refuse: 'yes' } })).headers.allow, 'DELETE')
})

t.test('reply.sendMethodNotAllowed takes the methods that the state of a resource leaves', async t => {
  const app = build(t)
  await app.after()
  const answer = async (method: HTTPMethods, methods: string[]) => {
    const reply = await app.inject({ method, url: '/a', headers: { methods: methods.join() } })
    return [reply.statusCode, reply.headers.allow, reply.json().allow]
  }
  app.route({
    method: ['PUT', 'GET'],
    url: '/a',
    handler: async (request, reply) => reply.sendMethodNotAllowed(String(request.headers.methods).split(',').filter(Boolean))
  })
  t.strictSame(await answer('PUT', ['PATCH', 'get', 'HEAD', 'GET']), [405, 'GET, HEAD, PATCH', ['GET', 'HEAD', 'PATCH']], 'upper case, sorted, once')
  t.strictSame(await answer('PUT', ['GET', 'PUT']), [405, 'GET', ['GET']], "never the request's own")
  t.strictSame(await answer('GET', ['HEAD', 'PUT']), [405, 'HEAD, PUT', ['HEAD', 'PUT']], 'what is given is taken at its word')
  t.strictSame(await answer('PUT', []), [405, '', []], 'an empty Allow says that there is none')
  t.strictSame(await answer('PUT', ["M!#$%&'*+-.^_`|~09"]), [405, "M!#$%&'*+-.^_`|~09", ["M!#$%&'*+-.^_`|~09"]], 'any token (RFC 9110 §5.6.2)')
  t.strictSame(await answer('PUT', ['BAD TOKEN']), [500, undefined, undefined])
})

t.test("reply.sendMethodNotAllowed: bad methods and a failing option go to the app's error handler", async t => {
  let constraints: (() => Promise<object>) | undefined = async () => { throw new Error('no secret') }
  const app = build(t, { plugin: { constraints: () => constraints?.() as Promise<Record<string, unknown>> } })
  app.get('/a', async (_request, reply) => reply.sendMethodNotAllowed())
  app.get('/b', async (_request, reply) => reply.sendMethodNotAllowed('GET' as never))
  app.get('/c', async (_request, reply) => reply.sendMethodNotAllowed([405] as never))
  app.get('/d', async (_request, reply) => reply.sendMethodNotAllowed(['GET, PUT']))
  app.get('/e', async (_request, reply) => reply.sendMethodNotAllowed(new Array(1)))
  app.setErrorHandler(async (error: Error & { code?: string }, _request, reply) => reply.code(500).send([error.code, error.message]))
  t.strictSame((await app.inject('/a')).json(), [null, 'no secret'])
  constraints = undefined
  t.strictSame((await app.inject('/b')).json(), ['FST_ALLOWED_METHODS_INVALID_ARGUMENT', "sendMethodNotAllowed takes an array of methods, got 'GET'"])
  t.strictSame((await app.inject('/c')).json(), ['FST_ALLOWED_METHODS_INVALID_ARGUMENT', 'sendMethodNotAllowed takes an array of methods, got [ 405 ]'])
  t.strictSame((await app.inject('/d')).json(), ['FST_ALLOWED_METHODS_INVALID_ARGUMENT', "sendMethodNotAllowed takes an array of methods, got [ 'GET, PUT' ]"], 'a method is one token (RFC 9110 §9.1)')
  t.strictSame((await app.inject('/e')).json(), ['FST_ALLOWED_METHODS_INVALID_ARGUMENT', 'sendMethodNotAllowed takes an array of methods, got [ <1 empty item> ]'])
})

t.test('the decorators are there in every scope, once the plugin is loaded', async t => {
  const app = build(t, { plugin: false })
  await app.register(fastifyAllowedMethods)
  app.register(async child => {
    declare(child, 'GET /a')
    t.ok(child.hasDecorator('allowedMethods') && child.hasDecorator('methodsByUrl') && child.hasReplyDecorator('sendMethodNotAllowed'))
    t.strictSame(child.allowedMethods('/a'), ['GET', 'HEAD'])
  })
  await app.ready()
})

t.test('a list that app.allowedMethods gives may be changed: no answer changes with it', async t => {
  const app = build(t, { routes: ['GET /a'] })
  app.post('/b', async request => { (await app.allowedMethods(request)).push('NEVER') })
  await app.ready()
  app.allowedMethods('/a').push('NEVER')
  app.allowedMethods('/nowhere').push('NEVER')
  t.equal(await ask(app, 'POST', '/b'), 200)
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/b'), 'POST')
  t.equal(await ask(app, 'PUT', '/nowhere'), 404)
})

t.test('a client that leaves does not get past a refusal that waits for an option', async t => {
  const options: FastifyAllowedMethodsOptions[] = [
    { problem: async problem => sleep(30, problem) }, { allow: async methods => sleep(30, methods) }, { constraints: async () => sleep(30, {}) },
    { problem: async problem => sleep(30, problem), allow: async methods => sleep(30, methods) },
    { advertise: true, allow: async () => { throw await sleep(30, new Error('oops')) } }
  ]
  for (const plugin of options) {
    for (const hook of ['onRequest', 'preHandler'] as const) {
      const app = build(t, { plugin })
      let handled = 0
      const refused: number[] = []
      app.addHook(hook, async (_request: unknown, reply: FastifyReply) => reply.sendMethodNotAllowed('constraints' in plugin ? undefined : ['GET']))
      app.addHook('onSend', async (_request, reply) => { if (reply.statusCode >= 400) refused.push(reply.statusCode) })
      app.delete('/users', async () => { handled++ })
      await leave(app, 'DELETE /users')
      for (let waited = 0; refused.length === 0 && waited < 2000; waited += 20) await sleep(20)
      t.strictSame([handled, refused.length], [0, 1], `${hook}, ${Object.keys(plugin).join()}`)
    }
  }
})

t.test('a client that leaves does not get past a refusal that waits for something of the app', async t => {
  const late = { allow: async (methods: string[]) => sleep(20, methods) }
  const rows: [plugin: FastifyAllowedMethodsOptions, add: (app: FastifyInstance, seen: () => void) => void][] = [
    ...[{}, late].flatMap((plugin): typeof rows => [
      [plugin, (app, seen) => { app.addHook('onSend', async () => { await sleep(30); seen() }) }],
      [{ ...plugin, throw: true }, (app, seen) => { app.setErrorHandler(async () => { await sleep(30); seen(); return 'no' }) }]
    ]),
    [late, (app, seen) => { app.addHook('onSend', async () => { seen(); throw new Error('no') }) }],
    [{ allow: async () => sleep(20, []) }, (app, seen) => { app.setNotFoundHandler(async () => { await sleep(30); seen(); return 'nothing' }) }]
  ]
  for (const [plugin, add] of rows) {
    const app = build(t, { plugin })
    const seen: string[] = []
    add(app, () => { seen.push('waited') })
    app.addHook('preHandler', async (request, reply) => { if (!request.is404) return reply.sendMethodNotAllowed() })
    app.delete('/users', async () => { seen.push('handled') })
    await leave(app, 'DELETE /users')
    for (let waited = 0; seen.length === 0 && waited < 2000; waited += 20) await sleep(20)
    await sleep(40)
    t.equal(seen[0], 'waited')
    t.notOk(seen.includes('handled'))
  }
})

t.test('what waits for the signal of a request is told that the client has left', { skip: noTimeout }, async t => {
  const app = build(t)
  const told = new Promise<void>(resolve => {
    app.addHook('onRequest', async request => { request.signal.addEventListener('abort', () => { resolve() }) })
  })
  app.addHook('onSend', async () => sleep(30))
  app.delete('/users', async (_request, reply) => reply.sendMethodNotAllowed())
  await leave(app, 'DELETE /users')
  await t.resolves(told)
})

t.test('in an onError hook, where nothing can be sent, the error handler answers as it would', async t => {
  for (const plugin of [{}, { allow: async methods => methods }, { problem: async problem => problem }] as FastifyAllowedMethodsOptions[]) {
    const app = build(t, { plugin })
    app.addHook('onError', async (_request, reply) => reply.sendMethodNotAllowed() as never)
    app.setErrorHandler(async (error: Error, _request, reply) => reply.code(418).send({ mine: error.message }))
    let sent = 0
    app.addHook('onSend', async () => { await sleep(sent++) })
    app.get('/a', async () => { throw new Error('tea') })
    const { statusCode, headers, payload } = await app.inject('/a')
    t.strictSame([statusCode, headers['content-type'], payload, sent], [418, 'application/json; charset=utf-8', '{"mine":"tea"}', 1])
  }
})

t.test('in an onError hook, where nothing can be sent, reply.sendMethodNotAllowed does no harm beside an async option', async t => {
  for (const plugin of [{ allow: async (methods: string[]) => sleep(10, methods) }, { problem: async (problem: object) => sleep(10, problem) }] as FastifyAllowedMethodsOptions[]) {
    for (const isReturned of [true, false]) {
      const codes: unknown[] = []
      const logger = { level: 'error', stream: { write: (line: string) => { codes.push(JSON.parse(line).err?.code) } } }
      const app = build(t, { plugin, fastify: { logger } })
      app.addHook('onError', async (_request, reply) => {
        const sent = reply.sendMethodNotAllowed(['PUT'])
        if (isReturned) return sent as never
        await sleep(40)
      })
      app.get('/a', async () => { throw Object.assign(new Error('tea'), { statusCode: 418 }) })
      t.equal((await app.inject('/a')).statusCode, 418)
      t.ok(codes.includes('FST_ERR_SEND_INSIDE_ONERR'), 'it is logged')
    }
  }
})

t.test('what an un-returned reply.sendMethodNotAllowed overtakes is sent whole', async t => {
  const late = (methods: string[]) => sleep(20, methods)
  for (const plugin of [{ allow: late }, { allow: () => late([]) }, { allow: async () => { await sleep(20); throw new Error('no') } }, { problem: (problem: MethodNotAllowedProblem) => sleep(20, problem) }]) {
    const app = build(t, { plugin })
    app.addHook('preHandler', async (_request, reply) => { reply.sendMethodNotAllowed() })
    app.get('/a', (_request, reply) => {
      reply.type('text/plain').send(Readable.from((async function * () {
        yield 'first'
        await sleep(60)
        yield 'second'
      })()))
    })
    const response = await fetch(`${await app.listen({ port: 0, host: '127.0.0.1' })}/a`)
    t.strictSame([response.status, response.headers.get('allow'), await response.text()], [200, null, 'firstsecond'])
  }
})

t.test('an error handler may answer a timeout by reply.sendMethodNotAllowed', { skip: noTimeout }, async t => {
  const options = [{}, { allow: async (methods: string[]) => methods }, { problem: async (problem: MethodNotAllowedProblem) => problem }, { allow: async () => { throw new Error('no') } }]
  const replies = await Promise.all(options.map(async plugin => {
    const app = build(t, { plugin, fastify: { handlerTimeout: 20 } })
    app.setErrorHandler((error: Error, _request, reply) => { error.message === 'no' ? reply.code(500).send() : reply.sendMethodNotAllowed() })
    app.get('/a', () => {})
    return (await app.inject('/a')).statusCode
  }))
  t.strictSame(replies, [405, 405, 405, 500])
})

const endsProcess = /^(5\.0|6)\./.test(Fastify().version) && 'what reply.send does there ends the process in this Fastify'

t.test('where the app has begun to write by itself, reply.sendMethodNotAllowed fails as reply.send does', { skip: endsProcess }, async t => {
  for (const plugin of [{}, { allow: async (methods: string[]) => methods }]) {
    const levels: number[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => { levels.push(JSON.parse(line).level) } } }
    const app = build(t, { plugin, fastify: { logger } })
    app.get('/a', (_request, reply) => {
      reply.raw.write('part')
      reply.sendMethodNotAllowed()
    })
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/a`
    await t.rejects(fetch(url, { signal: AbortSignal.timeout(5000) }).then(response => response.text()), { name: 'TypeError' })
    t.ok(levels.length > 0)
  }
})

t.test("a timeout of the route's own counts after reply.callNotFound() too", { skip: noTimeout }, async t => {
  const app = build(t, { plugin: { allow: async methods => sleep(60, methods) } })
  app.addHook('onSend', async (_request, _reply, payload) => sleep(60, payload))
  app.setErrorHandler((_error, _request, reply) => { reply.callNotFound() })
  app.get('/a', { handlerTimeout: 30 }, (_request, reply) => reply.sendMethodNotAllowed(['PUT']))
  const { statusCode, headers } = await app.inject('/a')
  t.strictSame([statusCode, headers.allow], [404, undefined])
})
