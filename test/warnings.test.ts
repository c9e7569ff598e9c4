import t, { type Test } from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { ask, build, declare } from './helpers.js'

/** An app without the plugin that logs, and the warnings in its log. */
function start (t: Test) {
  const warnings: string[] = []
  const logger = { level: 'warn', stream: { write: (line: string) => { warnings.push(JSON.parse(line).msg) } } }
  return { app: build(t, { plugin: false, fastify: { logger } }), warnings }
}

const warning = (url: string) =>
  `fastify-allowed-methods: the route '${url}' takes every method that Fastify supports, so that none of them is answered 405 below it; declare it for those that it serves`

t.test('a catch-all that takes every method is told at start, in one line that names it', async t => {
  for (const [url, inScope = url] of [['*'], ['/*'], ['/files/*'], ['/api/v1/*', '/v1/*'], ['/users/:id/*']]) {
    const { app, warnings } = start(t)
    app.register(fastifyAllowedMethods)
    const declared = url
    if (inScope === url) app.all(url as string, async () => 'all')
    else app.register(async api => { api.all(inScope as string, async () => 'all') }, { prefix: '/api' })
    declare(app, 'GET /a')
    await app.ready()
    t.strictSame(warnings, [warning(declared as string)])
  }
})

t.test('also one that is declared before the plugin, or twice, in parts', async t => {
  const { app, warnings } = start(t)
  app.all('/early/*', async () => 'all')
  app.register(async api => { api.all('/*', async () => 'all') }, { prefix: '/api' })
  app.route({ method: ['GET', 'HEAD'], url: '/parts/*', handler: async () => 'read' })
  await app.after()
  app.register(fastifyAllowedMethods)
  app.route({ method: app.supportedMethods.filter(method => method !== 'GET' && method !== 'HEAD') as 'PUT'[], url: '/parts/*', handler: async () => 'write' })
  await app.ready()
  t.strictSame(warnings.sort(), [warning('/api/*'), warning('/early/*'), warning('/parts/*')])
  t.equal(await ask(app, 'PUT', '/early/a'), 200)
})

t.test('no warning where a 405 can be answered', async t => {
  for (const url of ['/*', '/a*', '/files/*']) {
    const { app, warnings } = start(t)
    app.register(fastifyAllowedMethods)
    app.route({ method: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'], url, handler: async () => 'proxied' })
    app.all('/all', async () => 'one URL')
    app.all('/all/:id', async () => 'one segment')
    app.route({ method: app.supportedMethods as 'GET'[], url: '/old/*', constraints: { host: 'old.example' }, handler: async () => 'one host' })
    await app.ready()
    t.strictSame(warnings, [])
  }
})

t.test('no warning of a catch-all where the plugin does not serve', async t => {
  const { app, warnings } = start(t)
  app.all('/other/*', async () => 'all')
  app.register(async api => {
    api.register(fastifyAllowedMethods)
    api.all('/all/*', async () => 'all')
  }, { prefix: '/:tenant/api' })
  await app.ready()
  t.strictSame(warnings, [warning('/:tenant/api/all/*')])
})
