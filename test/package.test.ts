import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { ask, declare } from './helpers.js'

const run = promisify(execFile)
const root = new URL('..', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))

t.test('what is published works by import and by require, and so do both in one app', async t => {
  const require = createRequire(import.meta.url)
  for (const load of [() => import('fastify-allowed-methods'), () => require('fastify-allowed-methods')]) {
    const app: FastifyInstance = Fastify()
    t.teardown(() => app.close())
    app.register(load())
    app.register(async api => {
      api.register(require('fastify-allowed-methods'), { type: '/api' })
      declare(api, 'GET /users')
    }, { prefix: '/api' })
    await app.register(require('fastify-allowed-methods'), { type: '/again' })
    declare(app, 'GET /users')
    t.equal((await app.inject({ method: 'PUT', url: '/users' })).json().type, '/again')
    t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
    t.equal((await app.inject({ method: 'PUT', url: '/api/users' })).json().type, '/api')
    t.ok(app.hasPlugin('fastify-allowed-methods'))
    const { default: plugin, fastifyAllowedMethods, ...rest } = await load()
    t.equal(plugin, fastifyAllowedMethods)
    t.strictSame(Object.keys(rest).filter(name => name !== 'module.exports').sort(), ['MethodNotAllowedProblem', 'ProblemDetails', 'isMethodNotAllowedProblem'])
  }
})

t.test("the README's lines for import and require", async t => {
  const readme = await readFile(new URL('README.md', root), 'utf8')
  const lines = [...readme.matchAll(/^node (.*-e) '(.+)'$/gm)]
  t.equal(lines.length, 2)
  for (const [, flags = '', script = ''] of lines) {
    const { stdout } = await run(process.execPath, [...flags.split(' '), script], { cwd: root })
    t.equal(stdout, '405 GET, HEAD\n', script)
  }
})

t.test('publint and attw have no remark', { timeout: 120_000 }, async t => {
  const publint = await run('npx', ['publint', '--strict'], { cwd: root })
  t.match(publint.stdout, 'All good!')
  const attw = await run('npx', ['attw', '--pack', '.'], { cwd: root })
  t.match(attw.stdout, 'No problems found')
})

t.test('the lock file names no download address', async t => {
  t.notMatch(await readFile(new URL('package-lock.json', root), 'utf8'), /"resolved"/)
})

t.test('fastify-plugin, the peer range and the run-time dependencies say what was agreed', async t => {
  const { default: plugin } = await import('fastify-allowed-methods')
  t.strictSame(Reflect.get(plugin, Symbol.for('plugin-meta')), { fastify: '5.x', name: manifest.name })
  t.strictSame(manifest.peerDependencies, { fastify: '^5.0.0' })
  t.strictSame(Object.keys(manifest.dependencies), ['@fastify/error', '@sinclair/typebox', 'fastify-plugin'])
})
