import auth from '@fastify/auth'
import basicAuth from '@fastify/basic-auth'
import bearerAuth from '@fastify/bearer-auth'
import cookie from '@fastify/cookie'
import csrfProtection from '@fastify/csrf-protection'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import { readFile } from 'node:fs/promises'
import session from '@fastify/session'
import underPressure from '@fastify/under-pressure'
import t from 'tap'
import { build, checkRefusal, declare, ORDERS, together } from './helpers.js'
import limited from './recipes/rate-limit.js'

const bearer = token => ({ authorization: `Bearer ${token}` })

together('@fastify/rate-limit: routes are limited as without the plugin', async app => {
  await app.register(rateLimit, { max: 2 })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /users', 'GET /users', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD']],
  varies: ['x-ratelimit-reset', 'retry-after']
})

t.test('the recipe for @fastify/rate-limit stands in the README, word for word', async t => {
  const read = path => readFile(new URL(path, import.meta.url), 'utf8')
  t.ok((await read('../../README.md')).includes('```js\n' + await read('recipes/rate-limit.js') + '```\n'))
})

t.test('@fastify/rate-limit in an onRequest hook limits 405s and 404s too', async t => {
  for (const order of ORDERS) {
    const app = await build(t, order, async app => {
      await app.register(limited, { max: 2 })
      declare(app, 'GET /users')
    })
    const put = { method: 'PUT', url: '/users' }
    checkRefusal(t, await app.inject(put), 'GET, HEAD')
    t.equal((await app.inject('/nope')).statusCode, 404)
    t.equal((await app.inject(put)).statusCode, 429)
    t.equal((await app.inject('/nope')).statusCode, 429)
    t.equal((await app.inject('/users')).statusCode, 429, 'in one count with what is routed')
  }
})

t.test('@fastify/rate-limit in the preHandler of a not-found handler limits 404s, but no 405', async t => {
  for (const order of ORDERS) {
    const app = await build(t, order, async app => {
      await app.register(rateLimit, { max: 1 })
      app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (_request, reply) => reply.code(404).send('mine'))
      declare(app, 'GET /users')
    })
    for (let times = 0; times < 3; times++) checkRefusal(t, await app.inject({ method: 'PUT', url: '/users' }), 'GET, HEAD')
    t.equal((await app.inject('/nope')).payload, 'mine')
    t.equal((await app.inject('/nope')).statusCode, 429)
  }
})

together('@fastify/jwt in onRequest: 401 before 405', async app => {
  await app.register(jwt, { secret: 'secret' })
  app.addHook('onRequest', async request => request.jwtVerify())
  app.get('/me', async request => request.user.name)
}, {
  untouched: ['GET /me', 'GET /nope', 'PUT /me', { url: '/me', headers: bearer('no') }]
}, async (t, app) => {
  const headers = bearer(app.jwt.sign({ name: 'ada' }))
  t.equal((await app.inject({ method: 'PUT', url: '/me' })).statusCode, 401)
  checkRefusal(t, await app.inject({ method: 'PUT', url: '/me', headers }), 'GET, HEAD')
  t.equal((await app.inject({ url: '/me', headers })).payload, 'ada')
  t.equal((await app.inject({ url: '/nope', headers })).statusCode, 404)
})

together('@fastify/jwt and @fastify/cookie: a token in a cookie', async app => {
  await app.register(cookie)
  await app.register(jwt, { secret: 'secret', cookie: { cookieName: 'token' } })
  app.addHook('onRequest', async request => request.jwtVerify())
  declare(app, 'GET /me')
}, {
  untouched: ['GET /me', 'PUT /me']
}, async (t, app) => {
  checkRefusal(t, await app.inject({ method: 'PUT', url: '/me', cookies: { token: app.jwt.sign({}) } }), 'GET, HEAD')
})

together('@fastify/auth in onRequest: 401 before 405', async app => {
  await app.register(auth)
  const byKey = async request => {
    if (request.headers['x-key'] !== 'key') throw Object.assign(new Error('no key'), { statusCode: 401 })
  }
  app.addHook('onRequest', app.auth([byKey, async () => { throw new Error('never') }]))
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'PUT /users', 'GET /nope', { url: '/users', headers: { 'x-key': 'key' } }, { url: '/nope', headers: { 'x-key': 'key' } }],
  refused: [[{ method: 'PUT', url: '/users', headers: { 'x-key': 'key' } }, 'GET, HEAD']]
})

together('@fastify/auth in preHandler: 405 first', async app => {
  await app.register(auth)
  app.addHook('preHandler', app.auth([async () => { throw Object.assign(new Error('no'), { statusCode: 401 }) }]))
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD']]
})

together('@fastify/bearer-auth: 401 before 405', async app => {
  await app.register(bearerAuth, { keys: ['key'] })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'PUT /users', 'GET /nope', { url: '/users', headers: bearer('key') }, { url: '/nope', headers: bearer('key') }],
  refused: [[{ method: 'PUT', url: '/users', headers: bearer('key') }, 'GET, HEAD']]
})

t.test("@fastify/bearer-auth with its hook 'preParsing': 401 before 405 where it is registered before the plugin", async t => {
  for (const order of ORDERS) {
    const app = await build(t, order, async app => {
      await app.register(bearerAuth, { keys: ['key'], addHook: 'preParsing' })
      declare(app, 'GET /users')
    })
    t.equal((await app.inject({ method: 'PUT', url: '/users' })).statusCode, order === 'last' ? 401 : 405, order)
    t.equal((await app.inject('/users')).statusCode, 401)
    checkRefusal(t, await app.inject({ method: 'PUT', url: '/users', headers: bearer('key') }), 'GET, HEAD')
  }
})

t.test('@fastify/bearer-auth in a scope: 401 before 405 where the scope has a not-found handler', async t => {
  for (const [own, status] of [[true, 401], [false, 405]]) {
    for (const order of ORDERS) {
      const app = await build(t, order, async app => {
        await app.register(async api => {
          if (own) api.setNotFoundHandler()
          await api.register(bearerAuth, { keys: ['key'] })
          declare(api, 'GET /users')
        }, { prefix: '/api' })
      })
      t.equal((await app.inject({ method: 'PUT', url: '/api/users' })).statusCode, status)
      checkRefusal(t, await app.inject({ method: 'PUT', url: '/api/users', headers: bearer('key') }), 'GET, HEAD')
    }
  }
})

together('@fastify/cookie: cookies are read and set around a 405', async app => {
  await app.register(cookie, { secret: 'secret' })
  app.addHook('onRequest', async (request, reply) => { reply.setCookie('seen', request.cookies.seen ?? 'new', { signed: true }) })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'GET /nope'],
  refused: [['PUT /users', 'GET, HEAD'], [{ method: 'PUT', url: '/users', cookies: { seen: 'before' } }, 'GET, HEAD']]
})

together('@fastify/session: a session is kept across a 405', async app => {
  await app.register(cookie)
  await app.register(session, { secret: 's'.repeat(32), cookie: { secure: false } })
  app.get('/count', async request => (request.session.count = (request.session.count ?? 0) + 1))
}, {
  untouched: ['GET /count', 'GET /nope'],
  refused: [['PUT /count', 'GET, HEAD']],
  varies: ['set-cookie']
}, async (t, app) => {
  const first = await app.inject('/count')
  const cookies = { sessionId: first.cookies[0].value }
  checkRefusal(t, await app.inject({ method: 'PUT', url: '/count', cookies }), 'GET, HEAD')
  t.equal((await app.inject({ url: '/count', cookies })).payload, '2')
})

together('@fastify/under-pressure: its status route counts', async app => {
  await app.register(underPressure, { exposeStatusRoute: '/status' })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /status', 'GET /users', 'GET /nope'],
  refused: [['PUT /status', 'GET, HEAD'], ['PUT /users', 'GET, HEAD']]
})

together('@fastify/under-pressure: 503 before 405', async app => {
  await app.register(underPressure, { healthCheck: async () => false, healthCheckInterval: 1000 })
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'PUT /users', 'GET /nope']
}, async (t, app) => {
  t.equal((await app.inject({ method: 'PUT', url: '/users' })).statusCode, 503)
})

const basic = password => ({ authorization: `Basic ${Buffer.from(`user:${password}`).toString('base64')}` })

together('@fastify/basic-auth in an onRequest hook comes before a 405', async app => {
  await app.register(basicAuth, {
    authenticate: true,
    validate: async (_user, password) => { if (password !== 'right') throw Object.assign(new Error('Wrong password'), { statusCode: 401 }) }
  })
  app.addHook('onRequest', app.basicAuth)
  declare(app, 'GET /users')
}, {
  untouched: ['GET /users', 'PUT /users', 'GET /nope', { url: '/users', headers: basic('right') }, { method: 'PUT', url: '/users', headers: basic('wrong') },
    { method: 'PUT', url: '/nope', headers: basic('right') }],
  refused: [[{ method: 'PUT', url: '/users', headers: basic('right') }, 'GET, HEAD']]
})

together('@fastify/csrf-protection of a route does not run for a 405', async app => {
  await app.register(cookie)
  await app.register(csrfProtection)
  app.get('/token', async (_request, reply) => (await reply.generateCsrf()).length > 0)
  app.post('/users', { onRequest: app.csrfProtection }, async () => 'posted')
}, {
  untouched: ['GET /token', 'POST /users', 'POST /nope'],
  refused: [['PUT /users', 'POST'], ['POST /token', 'GET, HEAD']],
  varies: ['set-cookie']
})
