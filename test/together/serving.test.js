import { fileURLToPath } from 'node:url'
import autoload from '@fastify/autoload'
import etag from '@fastify/etag'
import express from '@fastify/express'
import middie from '@fastify/middie'
import multipart from '@fastify/multipart'
import sensible from '@fastify/sensible'
import fastifyStatic from '@fastify/static'
import { checkRefusal, checkRefusedFetch, declare, listen, together } from './helpers.js'

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url))
const root = `${fixtures}static`

together('@fastify/static in a prefix, wildcard: it takes every URL there, so a 405 tells nothing of a file', async app => {
  await app.register(fastifyStatic, { root, prefix: '/files/' })
  declare(app, 'POST /files/upload')
}, {
  untouched: ['GET /files/a.txt', 'HEAD /files/a.txt', 'GET /files/', 'GET /files/nope', 'GET /files/../x', 'GET /files', 'PUT /files', 'PUT /nope', 'POST /files/upload',
    { url: '/files/a.txt', headers: { range: 'bytes=1-2' } }],
  refused: [['PUT /files/a.txt', 'GET, HEAD'], ['PUT /files/nope', 'GET, HEAD'], ['PUT /files/', 'GET, HEAD'], ['PUT /files/upload', 'GET, HEAD, POST']]
})

together('@fastify/static in a prefix, wildcard: false: a 405 where there is a file', async app => {
  await app.register(fastifyStatic, { root, prefix: '/files/', wildcard: false })
}, {
  untouched: ['GET /files/a.txt', 'HEAD /files/', 'GET /files/nope', 'PUT /files/nope'],
  refused: [['PUT /files/a.txt', 'GET, HEAD'], ['PUT /files/', 'GET, HEAD'], ['POST /files/index.html', 'GET, HEAD']]
})

together('@fastify/static at the root, wildcard: its catch-all makes no URL known', async app => {
  await app.register(fastifyStatic, { root })
  await app.register(etag)
  declare(app, 'POST /users')
}, {
  untouched: ['GET /a.txt', 'GET /', 'GET /nope', 'PUT /a.txt', 'PUT /nope', 'GET /users'],
  refused: [['PUT /users', 'GET, HEAD, POST']]
})

together('@fastify/static at the root, wildcard: false, and a single-page app', async app => {
  await app.register(fastifyStatic, { root, wildcard: false })
  app.get('/*', (_request, reply) => reply.sendFile('index.html'))
  declare(app, 'POST /users')
}, {
  untouched: ['GET /a.txt', 'GET /any/page', 'PUT /any/page', 'GET /users'],
  refused: [['PUT /a.txt', 'GET, HEAD'], ['PUT /users', 'GET, HEAD, POST']]
})

const form = `--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n${'a'.repeat(100)}\r\n--x--\r\n`
const upload = { headers: { 'content-type': 'multipart/form-data; boundary=x' }, payload: form }

together('@fastify/multipart: a form is read where it is routed, and left alone by a 405', async app => {
  await app.register(multipart)
  app.post('/files', async request => (await (await request.file()).toBuffer()).length)
}, {
  untouched: [{ method: 'POST', url: '/files', ...upload }, { method: 'PUT', url: '/nope', ...upload }, 'POST /files'],
  refused: [[{ method: 'PUT', url: '/files', ...upload }, 'POST'], [{ method: 'PATCH', url: '/files', ...upload, payload: '--y' }, 'POST']]
}, async (t, app) => {
  const url = `${await listen(app)}/files`
  const big = () => {
    const body = new FormData()
    body.append('file', new Blob(['a'.repeat(900_000)]), 'big.txt')
    return body
  }
  await checkRefusedFetch(t, await fetch(url, { method: 'PUT', body: big() }), 'POST')
  t.equal(await (await fetch(url, { method: 'POST', body: big() })).json(), 900_000)
})

together('@fastify/multipart with attachFieldsToBody and a limit: 405 before 413', async app => {
  await app.register(multipart, { attachFieldsToBody: 'keyValues', limits: { fileSize: 10 } })
  app.post('/files', async request => Object.keys(request.body))
}, {
  untouched: [{ method: 'POST', url: '/files', ...upload }],
  refused: [[{ method: 'PUT', url: '/files', ...upload }, 'POST']]
})

together('@fastify/sensible: its decorators and errors stay its own', async app => {
  await app.register(sensible)
  app.get('/users', async (_request, reply) => reply.vary('x').notFound('gone'))
  app.put('/users/:id', async (_request, reply) => reply.methodNotAllowed())
  app.patch('/users/:id', async () => { throw app.httpErrors.methodNotAllowed() })
}, {
  untouched: ['GET /users', 'PUT /users/1', 'PATCH /users/1', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD'], ['GET /users/1', 'PATCH, PUT']]
}, async (t, app) => {
  t.ok(['methodNotAllowed', 'sendMethodNotAllowed'].every(name => app.hasReplyDecorator(name)))
  t.equal((await app.inject({ method: 'PUT', url: '/users/1' })).statusCode, 405)
})

together('@fastify/autoload: the routes of a folder count', async app => {
  await app.register(autoload, { dir: `${fixtures}autoload/routes`, autoHooks: true, cascadeHooks: true, routeParams: true })
}, {
  untouched: ['GET /users', 'POST /users', 'GET /users/1', 'GET /nope', 'PUT /users/1/x'],
  refused: [['PUT /users', 'GET, HEAD, POST'], ['PUT /users/1', 'DELETE, GET, HEAD']]
})

together('@fastify/autoload: the plugin in its folder, beside one that was registered', async app => {
  await app.register(autoload, { dir: `${fixtures}autoload/plugins` })
  await app.register(autoload, { dir: `${fixtures}autoload/routes`, routeParams: true })
}, {}, async (t, app) => {
  checkRefusal(t, await app.inject({ method: 'PUT', url: '/users' }), 'GET, HEAD, POST')
  checkRefusal(t, await app.inject({ method: 'PUT', url: '/users/1' }), 'DELETE, GET, HEAD')
})

const mark = (_request, response, next) => {
  response.setHeader('x-middleware', '1')
  next()
}

for (const [name, mount] of Object.entries({ express, middie })) {
  together(`@fastify/${name}: middleware runs before a 405, and is no route`, async app => {
    await app.register(mount)
    app.use(mark)
    app.use('/mounted', (request, response, next) => request.method === 'GET' ? response.end('middleware') : next())
    declare(app, 'POST /mounted', 'GET /users')
  }, {
    untouched: ['GET /mounted', 'GET /mounted/x', 'PUT /mounted/x', 'POST /mounted', 'GET /users', 'GET /nope'],
    refused: [['PUT /users', 'GET, HEAD'], ['PUT /mounted', 'POST']]
  }, async (t, app) => {
    t.equal((await app.inject({ method: 'PUT', url: '/users' })).headers['x-middleware'], '1')
  })

  together(`@fastify/${name}: a percent sign in a URL`, async app => {
    await app.register(mount)
    declare(app, 'GET /users/:id', 'GET /A')
  }, {
    untouched: ['GET /users/100%25', 'PUT /%2541', 'GET /%2541'],
    refused: [['PUT /users/100%25', 'GET, HEAD'], ['PUT /%41', 'GET, HEAD']]
  })
}

for (const expressHook of ['onRequest', 'preHandler']) {
  together(`@fastify/express in ${expressHook}, in an app that rewrites URLs`, async app => {
    await app.register(express, { expressHook })
    declare(app, 'GET /users')
  }, {
    untouched: ['GET /v1/users', 'PUT /v1/nope'],
    refused: [['PUT /v1/users', 'GET, HEAD']],
    fastify: { rewriteUrl: ({ url }) => url.replace('/v1', '') }
  })
}

together("@fastify/middie with its hook 'preHandler': middleware runs for a 404, but for no 405", async app => {
  await app.register(middie, { hook: 'preHandler' })
  app.use(mark)
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope']
}, async (t, app) => {
  const reply = await app.inject({ method: 'PUT', url: '/users' })
  checkRefusal(t, reply, 'GET, HEAD')
  t.notOk('x-middleware' in reply.headers)
})
