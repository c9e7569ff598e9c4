import http from 'node:http'
import httpProxy from '@fastify/http-proxy'
import websocket from '@fastify/websocket'
import t from 'tap'
import { WebSocket } from 'ws'
import { build, checkRefusedFetch, declare, listen, ORDERS, together } from './helpers.js'

/** What an upgrade gives: the first message, or the status and `Allow` of the answer that refuses it. */
async function upgrade (address, path) {
  const socket = new WebSocket(address.replace('http', 'ws') + path)
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', message => resolve([socket, `${message}`]))
    socket.on('unexpected-response', (_request, response) => resolve([response.statusCode, response.headers.allow]))
  })
}

/** Answers each request with what reached it. */
async function upstream (t) {
  const server = http.createServer(async (request, response) => {
    const body = await request.toArray()
    response.setHeader('x-upstream', '1')
    if (request.url === '/refuses') response.writeHead(405, { allow: 'PATCH' })
    response.end(`${request.method} ${request.url} ${Buffer.concat(body)}`)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${server.address().port}`
}

t.test('@fastify/http-proxy', async t => {
  for (const order of ORDERS) {
    t.test(`takes its methods, and what the upstream answers is untouched; the plugin registered ${order}`, async t => {
      const origin = await upstream(t)
      const app = await build(t, order, async app => {
        await app.register(httpProxy, { upstream: origin, prefix: '/api', httpMethods: ['GET', 'POST'] })
        await app.register(httpProxy, { upstream: origin, prefix: '/all' })
        declare(app, 'PUT /api/own')
      })
      const address = await listen(app)
      const text = async (path, init) => (await fetch(address + path, init)).text()
      t.equal(await text('/api/users?a=1'), 'GET /users?a=1 ')
      t.equal(await text('/api/users', { method: 'POST', body: 'body' }), 'POST /users body')
      t.equal(await text('/all/users', { method: 'DELETE' }), 'DELETE /users ')
      const refused = await fetch(`${address}/api/refuses`)
      t.strictSame([refused.status, refused.headers.get('allow'), await refused.text()], [405, 'PATCH', 'GET /refuses '], "the upstream's 405")
      for (const [path, method, allow] of [
        ['/api/users', 'PUT', 'GET, HEAD, POST'],
        ['/api/own', 'DELETE', 'GET, HEAD, POST, PUT'],
        ['/api', 'PATCH', 'GET, HEAD, POST'],
        ['/all/users', 'PROPFIND', 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT']
      ]) {
        const response = await fetch(address + path, { method, body: 'body' })
        t.notOk(response.headers.has('x-upstream'), 'the upstream is not asked')
        await checkRefusedFetch(t, response, allow, `${method} ${path}`)
      }
      t.equal((await fetch(`${address}/nope`, { method: 'PUT' })).status, 404)
    })
  }

  t.test('at the root it is a catch-all, which makes no URL known', async t => {
    for (const order of ORDERS) {
      const origin = await upstream(t)
      const app = await build(t, order, async app => {
        await app.register(httpProxy, { upstream: origin, httpMethods: ['GET'] })
        declare(app, 'POST /own')
      })
      const address = await listen(app)
      t.equal((await fetch(`${address}/users`, { method: 'PUT' })).status, 404)
      await checkRefusedFetch(t, await fetch(`${address}/own`, { method: 'PUT' }), 'GET, HEAD, POST')
    }
  })

  t.test('with websocket: an upgrade reaches the upstream, and close() returns', async t => {
    for (const order of ORDERS) {
      const behind = await build(t, 'last', async app => {
        await app.register(websocket)
        app.get('/chat', { websocket: true }, socket => socket.send('upstream'))
      })
      const origin = await listen(behind)
      const app = await build(t, order, async app => {
        await app.register(httpProxy, { upstream: origin, prefix: '/api', httpMethods: ['GET'], websocket: true })
      })
      const address = await listen(app)
      const [socket, message] = await upgrade(address, '/api/chat')
      t.equal(message, 'upstream')
      await checkRefusedFetch(t, await fetch(`${address}/api/chat`, { method: 'PUT' }), 'GET, HEAD')
      await app.close()
      socket.terminate()
    }
  })
})

const chat = async app => {
  await app.register(websocket)
  app.get('/chat', { websocket: true }, socket => socket.send('hello'))
  declare(app, 'POST /messages', 'GET /users')
}

together('@fastify/websocket: plain requests', chat, {
  untouched: ['GET /chat', 'HEAD /chat', 'GET /users', 'GET /nope'],
  refused: [['PUT /chat', 'GET, HEAD'], ['GET /messages', 'POST'], ['PUT /users', 'GET, HEAD']]
})

t.test('@fastify/websocket: an upgrade works, one where GET is not routed is refused, and close() returns', { timeout: 20_000 }, async t => {
  for (const order of ORDERS) {
    const app = await build(t, order, chat)
    const address = await listen(app)
    const [socket, message] = await upgrade(address, '/chat')
    t.equal(message, 'hello')
    t.strictSame(await upgrade(address, '/messages'), [405, 'POST'])
    t.strictSame(await upgrade(address, '/nope'), [404, undefined])
    await checkRefusedFetch(t, await fetch(`${address}/chat`, { method: 'PUT' }), 'GET, HEAD')
    const closed = new Promise(resolve => socket.on('close', resolve))
    await app.close()
    await closed
    t.notOk(app.server.listening, order)
  }
})
