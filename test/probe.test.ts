import { AsyncLocalStorage } from 'node:async_hooks'
import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { findWrongAnswers } from '../plugin/testing.js'
import { build, declare, routerOptions, strategy } from './helpers.js'

t.test('finds each way in which an answer is wrong', async t => {
  const found = async (spoil: (app: FastifyInstance) => void, plugin = {}) => {
    const app = build(t, { plugin })
    spoil(app)
    declare(app, 'GET /a')
    const wrong = await findWrongAnswers(app)
    return wrong.find(({ method }) => method === 'PUT')
  }
  const right = { status: 405, allow: 'GET, HEAD', mediaType: 'application/problem+json', problem: 'valid' }
  const onSend = (change: (reply: { header: Function, code: Function, removeHeader: Function }, body: string) => string | void) => (app: FastifyInstance) => {
    app.addHook('onSend', async (_request, reply, payload) => change(reply, String(payload)) ?? payload)
  }
  const cases: [(app: FastifyInstance) => void, object][] = [
    [onSend(reply => { reply.code(404) }), { ...right, status: 404 }],
    [onSend(reply => { reply.header('allow', 'GET') }), { ...right, allow: 'GET' }],
    [onSend(reply => { reply.removeHeader('allow') }), { ...right, allow: undefined }],
    [onSend(reply => { reply.header('content-type', 'application/json') }), { ...right, mediaType: 'application/json' }],
    [onSend((_reply, body) => body.replace('"status":405', '"status":"405"')), { ...right, problem: "'/status' is invalid: Expected 405, got '405'" }],
    [onSend((_reply, body) => body.replace('"GET",', '')), { ...right, problem: "'/allow' must be [ 'GET', 'HEAD' ], got [ 'HEAD' ]" }],
    [onSend((_reply, body) => body.replace('"instance":"/a"', '"instance":"/b"')), { ...right, problem: "'/instance' must be '/a', got '/b'" }],
    [onSend(() => 'x'), { ...right, problem: "Unexpected token 'x', \"x\" is not valid JSON" }]
  ]
  for (const [spoil, actual] of cases) t.strictSame(await found(spoil), { method: 'PUT', url: '/a', expected: right, actual })
  t.equal(await found(onSend((_reply, body) => body.replace('{', '{"traceId":"x",'))), undefined, 'a hook may add to the body')

  const expected = { status: 501, mediaType: 'application/problem+json', problem: 'valid' }
  const garbled = { method: 'PUT', url: '/a', expected, actual: { ...expected, problem: "'/title' must be 'Not Implemented', got 'No'" } }
  t.strictSame(await found(onSend((_reply, body) => body.replace('"title":"Not Implemented"', '"title":"No"')), { notImplemented: true }), garbled)
  t.equal(await found(onSend((_reply, body) => body.replace('"GET",', '')), { problem: (problem: object) => problem }), undefined, 'what the option problem builds, only the app knows')
})

t.test('an answer to OPTIONS is checked too', async t => {
  const app = build(t, { routes: ['GET /a'], plugin: { answerOptions: true } })
  app.addHook('onSend', async (request, reply) => { if (request.method === 'OPTIONS') reply.code(200).header('allow', 'GET') })
  const [expected, actual] = [{ status: 204, allow: 'GET, HEAD, OPTIONS' }, { status: 200, allow: 'GET' }]
  t.strictSame(await findWrongAnswers(app), [{ method: 'OPTIONS', url: '/a', expected, actual }])
})

t.test('a hook that answers before the plugin is a wrong answer; credentials come in headers', async t => {
  const app = build(t, { routes: ['GET /a'] })
  app.addHook('onRequest', async (request, reply) => request.headers.authorization === 'x' ? undefined : reply.code(401).send())
  t.strictSame(await findWrongAnswers(app), [{ method: 'ACL', url: '/a', expected: 'an answer of the plugin', actual: '401, by a hook before it' }])
  t.strictSame(await findWrongAnswers(app, { headers: { Authorization: 'x' } }), [])
  const bare = build(t, { routes: ['GET /a'] })
  bare.addHook('onRequest', async (request, reply) => { if (request.method === 'PUT') return reply.code(405).send('no') })
  t.strictSame(await findWrongAnswers(bare), [{ method: 'PUT', url: '/a', expected: 'an answer of the plugin', actual: '405, by a hook before it' }])
})

t.test('options are asked while the request is under way: what they read may be gone later', async t => {
  const store = new AsyncLocalStorage<{ role: string }>()
  const app = build(t, {
    plugin: {
      allow: (methods, request) => store.getStore()?.role === 'reader' && 'user' in request ? methods.filter(method => method !== 'DELETE') : methods,
      constraints: () => ({ tenant: store.getStore()?.role })
    },
    fastify: routerOptions({ constraints: { tenant: { ...strategy('tenant'), deriveConstraint: () => store.getStore()?.role } } })
  })
  app.addHook('onRequest', (request, _reply, done) => store.run({ role: 'reader' }, () => {
    Object.assign(request, { user: {} })
    done()
  }))
  app.addHook('onResponse', async request => { delete (request as { user?: object }).user })
  for (const method of ['GET', 'DELETE']) app.route({ method, url: '/a', constraints: { tenant: 'reader' }, handler: async () => t.fail('a handler was called') })
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('an option that fails is a wrong answer at its URL, and the others are checked', async t => {
  for (const plugin of [
    { allow: async (methods: string[], { url }: { url: string }) => { if (url === '/b') throw new Error('no token'); return methods } },
    { constraints: ({ url }: { url: string }) => { if (url === '/b') throw new Error('no token'); return {} } },
    { allow: (methods: string[], { url }: { url: string }) => { if (url === '/b') throw new RangeError(''); return methods } }
  ]) {
    const app = build(t, { routes: ['GET /a', 'GET /b', 'GET /c'], plugin })
    const wrong = await findWrongAnswers(app)
    t.strictSame(wrong, [{ method: 'ACL', url: '/b', expected: 'options that do not fail', actual: String(plugin.allow).includes('RangeError') ? 'RangeError' : 'no token' }])
    t.equal(wrong.checks, 2 * (app.supportedMethods.length - 2 + 1) + 1)
  }
})

t.test('the app goes on as before', async t => {
  const app = build(t, { routes: ['GET /a'] })
  await findWrongAnswers(app)
  t.equal((await app.inject('/a')).payload, 'GET /a')
  t.equal((await app.inject({ method: 'PUT', url: '/a' })).statusCode, 405)
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('a hook may go on from elsewhere, and ask the app for something else', async t => {
  const handler = async () => { t.fail('a handler was called') }
  const waiting: (() => void)[] = []
  const timer = setInterval(() => waiting.splice(0).forEach(done => { done() }), 1)
  t.teardown(() => { clearInterval(timer) })
  const queued = build(t)
  queued.addHook('onRequest', (_request, _reply, done) => { waiting.push(done) })
  queued.route({ method: 'GET', url: '/a', handler })
  t.strictSame(await findWrongAnswers(queued), [])

  const guarded = build(t, { routes: ['GET /a'] })
  guarded.all('/session', async () => 'session')
  guarded.addHook('onRequest', async ({ method, url, headers }, reply) => {
    if (url === '/session' || method !== 'PUT') return
    for (const other of [{ method, url: '/session' }, { method: 'GET', url }] as const) {
      const { statusCode } = await guarded.inject({ ...other, headers: headers as Record<string, string> })
      if (statusCode !== 200) return reply.code(401).send()
    }
  })
  const wrong = await findWrongAnswers(guarded, { ignore: ['/session'] })
  t.strictSame(wrong, [])
  t.equal(wrong.checks, guarded.supportedMethods.length - 1, 'all methods but GET and HEAD, and one that Fastify does not support')
})

t.test('no handler is called if all methods of Node.js are in use', async t => {
  const app = build(t, { plugin: false })
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  app.register(fastifyAllowedMethods)
  app.register(async scope => {
    scope.all('/all', async () => t.fail('a handler was called'))
    scope.get('/a', async () => t.fail('a handler was called'))
  })
  const wrong = await findWrongAnswers(app)
  t.strictSame(wrong.filter(({ method }) => method !== 'CONNECT'), [])
  t.equal(wrong.checks, METHODS.length - 2)
})

t.test('what a hook starts in the course of a run goes its own way after it', async t => {
  const app = build(t, { routes: ['GET /a'] })
  let goOn = (): void => {}
  const over = new Promise<void>(resolve => { goOn = resolve })
  const later: Promise<string>[] = []
  app.addHook('onRequest', async () => { later[0] ??= over.then(async () => (await app.inject('/a')).payload) })
  t.strictSame(await findWrongAnswers(app), [])
  goOn()
  t.equal(await later[0], 'GET /a')
})

t.test('no handler is called, though rewriteUrl leads to one by the method: what is routed is right', async t => {
  const handler = async () => { t.fail('a handler was called') }
  const cal = build(t, { plugin: false })
  cal.addHttpMethod('ACL')
  cal.register(fastifyAllowedMethods)
  cal.register(async api => { api.route({ method: 'ACL', url: '/cal', handler }) })
  t.strictSame(await findWrongAnswers(cal), [])

  const rewritten = build(t, { fastify: { rewriteUrl: ({ method, url }) => method === 'POST' ? `${url}/create` : String(url) } })
  rewritten.route({ method: 'GET', url: '/things', handler })
  rewritten.route({ method: 'POST', url: '/things/create', handler })
  t.strictSame(await findWrongAnswers(rewritten), [])
})

t.test('two runs at once do not disturb each other', async t => {
  const app = build(t, { routes: ['GET /a', 'GET /b'] })
  app.addHook('onRequest', async () => { await new Promise(resolve => setImmediate(resolve)) })
  const [one, other] = await Promise.all([findWrongAnswers(app), findWrongAnswers(app)])
  t.strictSame([one, other], [[], []])
  t.equal(one?.checks, 2 * (app.supportedMethods.length - 1))
  t.equal(other?.checks, one?.checks)
})
