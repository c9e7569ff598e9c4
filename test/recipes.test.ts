import { readFile } from 'node:fs/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from 'fastify-allowed-methods'
import { findWrongAnswers } from 'fastify-allowed-methods/testing'
import { ask, declare } from './helpers.js'

const load = async (name: string) => await import(new URL(`recipes/${name}`, import.meta.url).href)

t.test('each recipe stands in the README, word for word', async t => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  for (const name of ['hint.js', 'conceal.js', 'read-only.js']) {
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
    return { statusCode, headers, payload: payload.replace(url, '') }
  }
  for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS']) {
    t.strictSame(await reply(method, '/admin/users'), await reply(method, '/other/users'), method)
  }
  const authorization = 'Bearer x'
  t.equal(await ask(app, 'GET', '/admin/users', { authorization }), 200)
  t.equal(await ask(app, 'PUT', '/admin/users', { authorization }), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
})

t.test('read-only: what writes is answered 405, and the rest as ever', async t => {
  let isReadOnly = true
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods)
  app.register((await load('read-only.js')).default, { isReadOnly: () => isReadOnly })
  await app.after()
  declare(app, 'GET /a', 'PUT /a', 'PUT /b')
  t.equal(await ask(app, 'PUT', '/a'), 'GET, HEAD')
  t.equal(await ask(app, 'PUT', '/b'), '')
  t.equal(await ask(app, 'GET', '/a'), 200)
  t.equal(await ask(app, 'PUT', '/c'), 404)
  t.equal(await ask(app, 'POST', '/a'), 'GET, HEAD, PUT')
  isReadOnly = false
  t.equal(await ask(app, 'PUT', '/a'), 200)
})
