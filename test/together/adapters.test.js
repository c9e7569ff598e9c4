import awsLambda from '@fastify/aws-lambda'
import { initTRPC } from '@trpc/server'
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import mercurius from 'mercurius'
import { declare, isMethodNotAllowedProblem, together } from './helpers.js'
import problemDetails from './problem-details.js'

const graphql = { schema: 'type Query { add(x: Int, y: Int): Int }', resolvers: { Query: { add: (_, { x, y }) => x + y } }, graphiql: true, subscription: true }
const query = '{ add(x: 1, y: 2) }'

together('mercurius: /graphql takes its methods', async app => {
  await app.register(mercurius, graphql)
}, {
  untouched: [{ method: 'POST', url: '/graphql', payload: { query } }, { url: `/graphql?query=${encodeURIComponent(query)}` }, 'POST /graphql', 'GET /graphiql', 'GET /nope'],
  refused: [[{ method: 'PUT', url: '/graphql', payload: { query } }, 'GET, HEAD, POST'], ['POST /graphiql', 'GET, HEAD']]
}, async (t, app) => {
  t.equal((await app.inject({ method: 'POST', url: '/graphql', payload: { query } })).json().data.add, 3)
})

const trpc = initTRPC.create()
const router = trpc.router({
  hello: trpc.procedure.query(() => 'hello'),
  change: trpc.procedure.mutation(() => 'changed')
})

together("tRPC's adapter takes every method of its prefix, and its own 405 is untouched", async app => {
  await app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: { router } })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /trpc/hello', { method: 'POST', url: '/trpc/change', headers: { 'content-type': 'application/json' }, payload: '' }, 'POST /trpc/hello', 'PUT /trpc/hello', 'GET /trpc/nope', 'GET /trpc', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD'], ['PROPFIND /trpc/hello', 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY, TRACE']]
}, async (t, app) => {
  t.equal((await app.inject('/trpc/hello')).json().result.data, 'hello')
  const own = await app.inject({ method: 'POST', url: '/trpc/hello', payload: {} })
  t.strictSame([own.statusCode, own.json().error.data.code], [405, 'METHOD_NOT_SUPPORTED'])
})

together('@fastify/aws-lambda: events of API Gateway v1, v2 and a load balancer', async app => {
  app.decorate('lambda', awsLambda(app))
  declare(app, 'GET /users', 'POST /users')
}, {
  untouched: ['GET /users', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD, POST']]
}, async (t, app) => {
  const events = [
    method => path => ({ httpMethod: method, path, headers: {} }),
    method => path => ({ version: '2.0', rawPath: path, rawQueryString: '', headers: {}, requestContext: { http: { method } } }),
    method => path => ({ httpMethod: method, path, multiValueHeaders: {}, requestContext: { elb: {} } })
  ]
  for (const event of events) {
    const refused = await app.lambda(event('PUT')('/users'), {})
    t.equal(refused.statusCode, 405)
    t.strictSame([refused.headers?.allow ?? refused.multiValueHeaders?.allow].flat(), ['GET, HEAD, POST'])
    t.ok(isMethodNotAllowedProblem(JSON.parse(refused.body)))
    t.equal(refused.isBase64Encoded, false)
    t.equal((await app.lambda(event('GET')('/users'), {})).body, 'GET /users')
    t.equal((await app.lambda(event('PUT')('/nope'), {})).statusCode, 404)
  }
})

together('a problem-details plugin with both root handlers: its 404s and errors stay its own', async app => {
  await app.register(problemDetails)
  app.get('/users', async () => 'users')
  app.get('/fails', async () => { throw Object.assign(new Error('on strike'), { statusCode: 418 }) })
  app.post('/users', { schema: { body: { type: 'object', required: ['name'] } } }, async () => 'created')
}, {
  untouched: ['GET /users', 'GET /nope', 'PUT /nope', 'GET /fails', { method: 'POST', url: '/users', payload: {} }],
  refused: [['PUT /users', 'GET, HEAD, POST'], ['POST /fails', 'GET, HEAD']]
}, async (t, app) => {
  t.equal((await app.inject('/nope')).json().title, 'No such resource')
  t.equal((await app.inject('/fails')).json().title, 'on strike')
})

together('a problem-details plugin renders what the options throw and notImplemented hand over', async app => {
  await app.register(problemDetails)
  app.get('/users', async () => 'users')
  app.put('/archive', async () => 'archive')
}, {
  untouched: ['GET /users', 'GET /nope', 'PUT /nope'],
  plugin: { throw: true, notImplemented: true }
}, async (t, app) => {
  const reply = await app.inject({ method: 'PUT', url: '/users' })
  t.strictSame([reply.statusCode, reply.headers.allow, reply.headers['content-type']], [405, 'GET, HEAD', 'application/problem+json; charset=utf-8'])
  t.strictSame(reply.json(), { type: 'about:blank', title: 'This URL supports GET and HEAD.', status: 405, instance: '/users' })
  t.equal((await app.inject({ method: 'DELETE', url: '/nope' })).json().status, 501)
})
