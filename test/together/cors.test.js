import cors from '@fastify/cors'
import t from 'tap'
import { build, checkRefusal, declare, ORDERS, together } from './helpers.js'

const origin = 'https://other.example'
const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } }
const untouched = [
  { url: '/users', headers: { origin } },
  { method: 'POST', url: '/users', headers: { origin }, payload: { a: 1 } },
  { url: '/nope', headers: { origin } },
  { method: 'PUT', url: '/nope', headers: { origin } },
  { ...preflight, url: '/users' },
  { ...preflight, url: '/nope' },
  'OPTIONS /users',
  'OPTIONS /nope'
]
const put = { method: 'PUT', url: '/users', headers: { origin } }

/** An app with @fastify/cors at its root. */
const withCors = options => async app => {
  await app.register(cors, options)
  declare(app, 'GET /users', 'POST /users')
}

for (const [title, options] of Object.entries({
  'by default': undefined,
  'with credentials and one origin': { origin, credentials: true },
  'with strictPreflight: false': { strictPreflight: false },
  'with preflightContinue': { preflightContinue: true },
  'with a delegator': { delegator: (request, done) => done(null, { origin: request.headers.origin === origin }) },
  'with an async delegator as the options': () => async request => ({ origin: request.headers.origin === origin }),
  'with preflight: false': { preflight: false },
  "with its hook 'preParsing'": { hook: 'preParsing', origin }
})) {
  const early = options?.hook !== 'preParsing'
  together(`@fastify/cors ${title}: a 405 has its headers, a preflight is its own`, withCors(options), {
    untouched,
    refused: early ? [[put, 'GET, HEAD, OPTIONS, POST'], ['DELETE /users', 'GET, HEAD, OPTIONS, POST']] : []
  })
  together(`@fastify/cors ${title}, with answerOptions: every OPTIONS is its own`, withCors(options), { untouched, plugin: { answerOptions: true } })
}

t.test("@fastify/cors with its hook 'preParsing': a 405 has its headers where it is registered before the plugin", async t => {
  for (const order of ORDERS) {
    const reply = await (await build(t, order, withCors({ hook: 'preParsing', origin }))).inject(put)
    checkRefusal(t, reply, 'GET, HEAD, OPTIONS, POST')
    t.equal('access-control-allow-origin' in reply.headers, order === 'last', order)
  }
})

together('@fastify/cors in a prefix: its catch-all for OPTIONS makes no URL known', async app => {
  await app.register(async api => {
    await api.register(cors)
    declare(api, 'GET /users', 'POST /users')
  }, { prefix: '/api' })
  declare(app, 'GET /users')
}, {
  untouched: [{ ...preflight, url: '/api/users' }, { ...preflight, url: '/api/nope' }, 'GET /api/users', 'PUT /api/nope', { ...preflight, url: '/nope' }],
  refused: [['PUT /api/users', 'GET, HEAD, OPTIONS, POST'], ['PUT /users', 'GET, HEAD'], ['OPTIONS /users', 'GET, HEAD']]
})
