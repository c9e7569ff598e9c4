import { brotliDecompressSync, gunzipSync } from 'node:zlib'
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

together('@fastify/compress: a 405 is compressed as any JSON', async app => {
  await app.register(compress, { threshold: 0 })
  app.get('/users', async () => ({ users: 'x'.repeat(2000) }))
}, {
  untouched: [
    { url: '/users', headers: accept('gzip') },
    { url: '/nope', headers: accept('br') },
    { method: 'PUT', url: '/nope', headers: accept('gzip') },
    'GET /users'
  ],
  refused: [['PUT /users', 'GET, HEAD'], [{ method: 'DELETE', url: '/users', headers: accept('identity') }, 'GET, HEAD']]
}, async (t, app) => {
  for (const [encoding, decompress] of [['gzip', gunzipSync], ['br', brotliDecompressSync]]) {
    const reply = await app.inject({ method: 'PUT', url: '/users', headers: accept(encoding) })
    t.strictSame([reply.statusCode, reply.headers.allow, reply.headers['content-encoding']], [405, 'GET, HEAD', encoding])
    t.ok(isMethodNotAllowedProblem(JSON.parse(decompress(reply.rawPayload))))
  }
})

together('@fastify/compress by default: a 405 is below its threshold', async app => {
  await app.register(compress)
  app.post('/echo', async request => request.body)
}, {
  untouched: [{ method: 'POST', url: '/echo', payload: { a: 'b'.repeat(2000) }, headers: accept('gzip') }, { url: '/nope', headers: accept('gzip') }],
  refused: [[{ url: '/echo', headers: accept('gzip') }, 'POST']]
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
