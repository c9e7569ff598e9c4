import { Readable } from 'node:stream'
import { createGzip, gunzipSync, gzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import helmet from '@fastify/helmet'
import { declare, isMethodNotAllowedProblem, together } from './helpers.js'

together('@fastify/helmet: a 405 has the security headers of any reply', async app => {
  await app.register(helmet)
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope', 'PUT /nope'],
  refused: [['PUT /users', 'GET, HEAD']]
}, async (t, app) => {
  const { headers } = await app.inject({ method: 'PUT', url: '/users' })
  t.match(headers['content-security-policy'], "default-src 'self'")
  t.equal(headers['x-content-type-options'], 'nosniff')
})

together('@fastify/helmet with nonces, and global: false: as on a 404', async app => {
  await app.register(helmet, { global: false, enableCSPNonces: true })
  app.get('/users', { helmet: { frameguard: true } }, async () => 'users')
}, {
  untouched: ['GET /users', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD']],
  varies: ['content-security-policy']
})

const accept = encoding => ({ 'accept-encoding': encoding })

together('@fastify/compress: it compresses what is routed; a 405 is sent as it is, like a 404', async app => {
  await app.register(compress, { threshold: 0 })
  app.get('/users', async () => ({ users: 'x'.repeat(2000) }))
  app.post('/echo', async request => request.body)
}, {
  untouched: [
    { url: '/users', headers: accept('gzip') },
    { url: '/nope', headers: accept('br') },
    { method: 'PUT', url: '/nope', headers: accept('gzip') },
    { method: 'POST', url: '/echo', headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' }, payload: gzipSync('{"a":1}') },
    'GET /users'
  ],
  refused: [
    [{ method: 'PUT', url: '/users', headers: accept('gzip') }, 'GET, HEAD'],
    [{ method: 'DELETE', url: '/users', headers: accept('identity') }, 'GET, HEAD'],
    [{ method: 'PUT', url: '/echo', headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' }, payload: 'no gzip' }, 'POST']
  ]
}, async (t, app) => {
  const users = await app.inject({ url: '/users', headers: accept('gzip') })
  t.equal(users.headers['content-encoding'], 'gzip')
})

together('an onSend hook that compresses every reply: a 405 too', async app => {
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('content-encoding', 'gzip').removeHeader('content-length')
    return Readable.from([payload]).pipe(createGzip())
  })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope']
}, async (t, app) => {
  const reply = await app.inject({ method: 'PUT', url: '/users' })
  t.strictSame([reply.statusCode, reply.headers.allow], [405, 'GET, HEAD'])
  t.ok(isMethodNotAllowedProblem(JSON.parse(gunzipSync(reply.rawPayload))))
})

together('@fastify/etag: a 405 is tagged as any reply', async app => {
  await app.register(etag)
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'HEAD /users', 'GET /nope', { url: '/users', headers: { 'if-none-match': '"x"' } }],
  refused: [['PUT /users', 'GET, HEAD'], [{ method: 'PUT', url: '/users', headers: { 'if-none-match': '"x"' } }, 'GET, HEAD']]
}, async (t, app) => {
  const { headers } = await app.inject('/users')
  t.equal((await app.inject({ url: '/users', headers: { 'if-none-match': headers.etag } })).statusCode, 304)
  t.match((await app.inject({ method: 'PUT', url: '/users' })).headers.etag, /^".+"$/)
})
