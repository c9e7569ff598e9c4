import formbody from '@fastify/formbody'
import replyFrom from '@fastify/reply-from'
import sse from '@fastify/sse'
import view from '@fastify/view'
import ejs from 'ejs'
import { fileURLToPath } from 'node:url'
import { build, declare, listen, together } from './helpers.js'

const form = { payload: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }

together('@fastify/formbody: a form is parsed where it is routed, and left alone by a 405', async app => {
  await app.register(formbody)
  app.post('/form', async request => request.body)
}, {
  untouched: [{ method: 'POST', url: '/form', ...form }, { method: 'PUT', url: '/nope', ...form }],
  refused: [[{ method: 'PUT', url: '/form', ...form }, 'POST']]
})

together('@fastify/view: pages, and that of a 404, are those of the app', async app => {
  await app.register(view, { engine: { ejs }, root: fileURLToPath(new URL('fixtures', import.meta.url)) })
  app.get('/page', (_request, reply) => reply.viewAsync('page.ejs', { title: 'a page' }))
  app.setNotFoundHandler((_request, reply) => reply.code(404).viewAsync('page.ejs', { title: 'no page' }))
}, {
  untouched: ['GET /page', 'HEAD /page', 'GET /nope', 'PUT /nope'],
  refused: [['PUT /page', 'GET, HEAD']]
})

together('@fastify/reply-from: what is not found goes upstream, but not what the app refuses', async app => {
  const upstream = await build({ teardown: close => app.addHook('onClose', close) }, 'never', async upstream => declare(upstream, 'GET /old', 'PUT /old'))
  await app.register(replyFrom, { base: await listen(upstream) })
  declare(app, 'GET /users')
  app.get('/old', (_request, reply) => reply.from('/old'))
  app.setNotFoundHandler((request, reply) => reply.from(request.url))
}, {
  untouched: ['GET /users', 'GET /old', 'GET /nope', 'PUT /nope'],
  varies: ['keep-alive']
}, async (t, app) => {
  for (const url of ['/users', '/old']) {
    const { statusCode, headers } = await app.inject({ method: 'PUT', url })
    t.strictSame([statusCode, headers.allow], [405, 'GET, HEAD'], url)
  }
})

together('@fastify/sse: events flow as without the plugin, and have no Allow of `advertise`', async app => {
  await app.register(sse)
  app.get('/events', { sse: 'only' }, async (_request, reply) => { await reply.sse.send({ data: 'a' }) })
  app.get('/both', { sse: true }, async (_request, reply) => reply.sse ? await reply.sse.send({ data: 'b' }) : { data: 'b' })
}, {
  untouched: [{ url: '/events', headers: { accept: 'text/event-stream' } }, { url: '/both', headers: { accept: 'text/event-stream' } }, 'GET /nope'],
  refused: [['PUT /events', 'GET, HEAD'], ['PUT /both', 'GET, HEAD']],
  plugin: { advertise: true }
}, async (t, app) => {
  t.equal((await app.inject('/both')).headers.allow, 'GET, HEAD')
})
