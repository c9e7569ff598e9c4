import cors from '@fastify/cors'
import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify'

type Register = (app: FastifyInstance) => unknown

/** What a user may expect of a plugin that answers 405: an app, and whether its answers are right. */
const BEHAVIOUR: Record<string, (register: Register) => Promise<boolean>> = {
  'a known URL, another method: 405 with `Allow`': async register =>
    await allow(await start(register), 'PUT', '/users') === 'GET, HEAD',
  'counts routes that are declared before it': async register => {
    const app = Fastify()
    app.get('/users', async () => 'users')
    await register(app)
    return await allow(app, 'PUT', '/users') === 'GET, HEAD'
  },
  'counts each route of those that overlap': async register => {
    const app = await start(register)
    app.patch('/:any', async () => 'any')
    return await allow(app, 'PUT', '/users') === 'GET, HEAD, PATCH'
  },
  'knows versions of a URL': async register => {
    const app = await start(register)
    app.get('/v', { constraints: { version: '1.0.0' } }, async () => 'v')
    app.post('/v', { constraints: { version: '2.0.0' } }, async () => 'v')
    return await allow(app, 'PUT', '/v', { 'accept-version': '1.x' }) === 'GET, HEAD' && await allow(app, 'PUT', '/v', { 'accept-version': '3.x' }) === 404
  },
  'knows regular expressions, and characters that are encoded': async register => {
    const app = await start(register)
    app.get('/n/:n(^\\d+$)', async () => 'n')
    app.get('/é', async () => 'é')
    return await allow(app, 'PUT', '/n/1') === 'GET, HEAD' && await allow(app, 'PUT', '/n/x') === 404 && await allow(app, 'PUT', '/%C3%A9') === 'GET, HEAD'
  },
  'beside `@fastify/cors`, an unknown URL stays a 404': async register => {
    const app = await start(register)
    app.register(cors)
    return await allow(app, 'GET', '/nope') === 404 && await allow(app, 'PUT', '/users') === 'GET, HEAD, OPTIONS'
  },
  "leaves the app's not-found handler its 404s": async register => {
    const app = await start(register)
    app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
    return (await app.inject('/nope')).payload === 'mine' && await allow(app, 'PUT', '/users') === 'GET, HEAD'
  },
  'does not read the body': async register => {
    const app = await start(register)
    const reply = await app.inject({ method: 'PUT', url: '/users', payload: '{', headers: { 'content-type': 'application/json' } })
    return reply.statusCode === 405
  },
  'leaves `reply.callNotFound()` a 404': async register => {
    const app = await start(register)
    app.get('/gone', async (_request, reply) => reply.callNotFound())
    return await allow(app, 'GET', '/gone') === 404
  },
  'has a body that a browser of another origin can read': async register => {
    const reply = await (await start(register)).inject({ method: 'PUT', url: '/users' })
    return reply.statusCode === 405 && reply.payload.includes('GET')
  }
}

/** A row of a table for each behaviour, and in it whether each plugin has it. */
export async function compareBehaviour (plugins: Register[]): Promise<string[]> {
  return await Promise.all(Object.entries(BEHAVIOUR).map(async ([title, isRight]) => {
    const marks = await Promise.all(plugins.map(async register => await isRight(register).catch(() => false) ? '✓' : '✗'))
    return `| ${title} | ${marks.join(' | ')} |`
  }))
}

async function start (register: Register): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify()
  await register(app)
  app.get('/users', async () => 'users')
  return app
}

async function allow (app: FastifyInstance, method: string, url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const reply = await app.inject({ method: method as HTTPMethods, url, headers })
  return reply.statusCode === 405 ? reply.headers.allow : reply.statusCode
}
