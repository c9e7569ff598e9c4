import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import FastifyOtelInstrumentation from '@fastify/otel'
import fastifyMetrics from 'fastify-metrics'
import { fastifyRequestContext } from '@fastify/request-context'
import rawBody from 'fastify-raw-body'
import { declare, together } from './helpers.js'

const exporter = new InMemorySpanExporter()

together('@fastify/otel: a 405 is one request span, which ends with its status', async app => {
  const instrumentation = new FastifyOtelInstrumentation()
  instrumentation.setTracerProvider(new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  await app.register(instrumentation.plugin())
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope', 'PUT /nope'],
  refused: [['PUT /users', 'GET, HEAD']]
}, async (t, app) => {
  exporter.reset()
  await app.inject({ method: 'PUT', url: '/users' })
  const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'request')
  t.strictSame(spans.map(({ attributes, ended }) => [attributes['http.response.status_code'], ended]), [[405, true]])
})

together('fastify-metrics: it counts a 405, among what has no route', async app => {
  await app.register(fastifyMetrics.default ?? fastifyMetrics, { endpoint: '/metrics', clearRegisterOnInit: true, routeMetrics: { registeredRoutesOnly: false } })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope', 'PUT /nope'],
  refused: [['PUT /users', 'GET, HEAD'], ['DELETE /metrics', 'GET']]
}, async (t, app) => {
  const count = async () => Number(/^http_request_duration_seconds_count\{[^}]*status_code="405"[^}]*\} (\d+)/m.exec((await app.inject('/metrics')).payload)?.[1] ?? 0)
  const before = await count()
  await app.inject({ method: 'PUT', url: '/users' })
  t.equal(await count(), before + 1)
})

for (const runFirst of [true, false]) {
  together(`fastify-raw-body, runFirst: ${runFirst}: a body that is malformed is a 405 too`, async app => {
    await app.register(rawBody, { global: true, runFirst })
    app.post('/echo', async request => request.rawBody)
  }, {
    untouched: [{ method: 'POST', url: '/echo', payload: { a: 1 } }, { method: 'PUT', url: '/nope', payload: { a: 1 } }],
    refused: [[{ method: 'PUT', url: '/echo', payload: { a: 1 } }, 'POST'], [{ method: 'PUT', url: '/echo', payload: '{', headers: { 'content-type': 'application/json' } }, 'POST']]
  })
}

together('@fastify/request-context: it is there in the options', async app => {
  await app.register(fastifyRequestContext, { defaultStoreValues: { tenant: 'a' } })
  declare(app, 'GET /users', 'DELETE /users')
}, {
  plugin: { allow: (methods, request) => methods.filter(method => method !== 'DELETE' || request.requestContext.get('tenant') !== 'a') },
  untouched: ['GET /users', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD']]
})
