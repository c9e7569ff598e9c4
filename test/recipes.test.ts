import { readFile } from 'node:fs/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import fastifyAllowedMethods from 'fastify-allowed-methods'
import { findWrongAnswers } from 'fastify-allowed-methods/testing'
import { ask, declare } from './helpers.js'

const load = async (name: string) => await import(new URL(`recipes/${name}`, import.meta.url).href)

t.test('each recipe stands in the README, word for word', async t => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  for (const name of ['hint.js', 'conceal.js', 'read-only.js', 'not-found-page.js', 'problems.js', 'cross-origin.js']) {
    t.ok(readme.includes('```js\n' + await readFile(new URL(`recipes/${name}`, import.meta.url), 'utf8') + '```\n'), name)
  }
})

t.test('hint: names the method that was meant', async t => {
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  app.register((await load('hint.js')).default)
  declare(app, 'PATCH /a', 'GET /a', 'PUT /b', 'GET /c')
  const hint = async (method: string, url: string) => (await app.inject({ method: method as 'PUT', url })).json().hint
  t.equal(await hint('PUT', '/a'), 'To change this resource, send PATCH.')
  t.equal(await hint('POST', '/a'), 'To change this resource, send PATCH.')
  t.equal(await hint('PATCH', '/b'), 'To change this resource, send PUT.')
  t.equal(await hint('POST', '/b'), 'To change this resource, send PUT.')
  t.equal(await hint('PUT', '/c'), undefined)
  t.equal(await hint('DELETE', '/a'), undefined)
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('conceal: an admin area is not there for others, whatever they ask', async t => {
  process.env.ADMIN_TOKEN = 'x'
  const app: FastifyInstance = (await load('conceal.js')).buildApp(Fastify)
  t.teardown(() => app.close())
  const reply = async (method: string, url: string) => {
    const { statusCode, headers: { date, ...headers }, payload } = await app.inject({ method: method as 'GET', url })
    return { statusCode, headers, payload: payload.replace(/(%61d|ad)min|(%6f|o)ther/g, '') }
  }
  for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS']) {
    for (const url of ['/admin/users', '/%61dmin/users', '/admin/%75sers', 'http://localhost/admin/users', '/admin/users?/other']) {
      t.strictSame(await reply(method, url), await reply(method, url.replace('%61dmin', '%6fther').replace('admin', 'other')), `${method} ${url}`)
    }
  }
  const authorization = 'Bearer x'
  t.equal(await ask(app, 'GET', '/admin/users', { authorization }), 200)
  t.equal(await ask(app, 'PUT', '/admin/users', { authorization }), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
  delete process.env.ADMIN_TOKEN
  t.equal(await ask(app, 'GET', '/admin/users', { authorization: 'Bearer undefined' }), 404)
})

t.test('read-only: what writes is answered 405 and listed nowhere, and the rest is as ever', async t => {
  let isReadOnly = true
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  app.register((await load('read-only.js')).default, { isReadOnly: () => isReadOnly })
  await app.after()
  declare(app, 'GET /a', 'PUT /a', 'PUT /b', 'POST /*')
  app.register(async scope => {
    scope.register(fastifyAllowedMethods, { allow: () => [] })
    declare(scope, 'PUT /a')
  }, { prefix: '/hidden' })
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.equal(await ask(app, 'POST', '/any'), 404, 'a root catch-all that writes')
  t.equal(await ask(app, 'PUT', '/hidden/a'), 404)
  t.equal(await ask(app, 'PUT', '/b'), 404, 'nothing can be read there')
  t.equal(await ask(app, 'GET', '/a'), 200)
  t.equal(await ask(app, 'PUT', '/c'), 404)
  t.equal(await ask(app, 'POST', '/a'), 'GET, HEAD')
  t.strictSame(await findWrongAnswers(app, { ignore: [/hidden/] }), [])
  isReadOnly = false
  t.equal(await ask(app, 'PUT', '/a'), 200)
  t.equal(await ask(app, 'PATCH', '/a'), 'GET, HEAD, POST, PUT')
})

/** An app with a recipe that is a plugin. */
async function start (t: Test, name: string, ...routes: string[]): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  app.register((await load(name)).default)
  declare(app, ...routes)
  return app
}

t.test('not-found-page: 404s have the page, 405s are 405s', async t => {
  const app = await start(t, 'not-found-page.js', 'GET /a')
  t.strictSame([(await app.inject('/b')).statusCode, (await app.inject('/b')).payload], [404, '<h1>There is no such page</h1>'])
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('problems: one handler renders all errors', async t => {
  const app = await start(t, 'problems.js', 'GET /a')
  app.get('/fails', async () => { throw new Error('secret') })
  const problem = async (method: string, url: string) => {
    const { headers, payload } = await app.inject({ method: method as 'GET', url })
    t.equal(headers['content-type'], 'application/problem+json')
    return JSON.parse(payload)
  }
  t.strictSame(await problem('PUT', '/a'), { type: 'about:blank', title: 'Method Not Allowed', status: 405, detail: 'This URL supports GET and HEAD.', allow: ['GET', 'HEAD'] })
  t.strictSame(await problem('GET', '/b'), { type: 'about:blank', title: 'Not Found', status: 404, detail: 'This URL does not exist.' })
  t.strictSame(await problem('GET', '/fails'), { type: 'about:blank', title: 'Internal Server Error', status: 500 })
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.strictSame(await findWrongAnswers(app), [])
})

t.test('cross-origin: a browser lets a page send any method, and read Allow', async t => {
  const app = await start(t, 'cross-origin.js', 'GET /a')
  const origin = 'https://a.example'
  const preflight = await app.inject({ method: 'OPTIONS', url: '/a', headers: { origin, 'access-control-request-method': 'PUT' } })
  t.strictSame([preflight.statusCode, preflight.headers['access-control-allow-methods']], [204, '*'])
  const refused = await app.inject({ method: 'PUT', url: '/a', headers: { origin } })
  t.strictSame([refused.statusCode, refused.headers.allow, refused.headers['access-control-expose-headers']], [405, 'GET, HEAD, OPTIONS', 'Allow'])
})
