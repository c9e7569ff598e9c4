import type { Static } from '@sinclair/typebox'
import Fastify from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions as Options } from '../plugin/index.js'
import { DEFAULTS, type GivenOptions, checkOptions } from '../plugin/options.js'
import { FastifyAllowedMethodsOptions } from '../types/options.js'
import { ask, build } from './helpers.js'

t.test('an app does not start with an option that is wrong or does not exist: code, name, value and expectation', async t => {
  const wrong: [unknown, string][] = [
    [{ catchAll: 'yes' }, "option 'catchAll' must be a boolean, got 'yes'"],
    [{ catchAll: null }, "option 'catchAll' must be a boolean, got null"],
    [{ type: 405 }, "option 'type' must be a URI reference, got 405"],
    [{ type: '' }, "option 'type' must be a URI reference, got ''"],
    [{ type: 'not a reference' }, "option 'type' must be a URI reference, got 'not a reference'"],
    [{ type: 'https://a.example/%zz' }, "option 'type' must be a URI reference, got 'https://a.example/%zz'"],
    [{ constraints: { secret: 'x' } }, "option 'constraints' must be a function, got { secret: 'x' }"],
    [{ catchall: true }, "option 'catchall' does not exist, got true; the options are type, catchAll, constraints"],
    [{ 'a/b~c': 1 }, "option 'a/b~c' does not exist, got 1; the options are type, catchAll, constraints"],
    [{ constructor: 1 }, "option 'constructor' does not exist, got 1; the options are type, catchAll, constraints"]
  ]
  for (const [options, message] of wrong) {
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(fastifyAllowedMethods, options as object)
    await t.rejects(async () => await app.ready(), { code: 'FST_ALLOWED_METHODS_INVALID_OPTION', message }, message)
  }
})

t.test('a long value is cut in the message', async t => {
  t.throws(() => checkOptions({ type: ' '.repeat(1000) }), { message: /^.{80,130}$/ })
})

t.test('the defaults', async t => {
  t.strictSame(DEFAULTS, { type: 'https://httpwg.org/specs/rfc9110.html#status.405', catchAll: false })
  t.strictSame(checkOptions({ type: undefined, catchAll: undefined, constraints: undefined }), {}, 'undefined is absent')
})

t.test('the schema and the documented type of the options name the same ones', async t => {
  const named: Record<keyof Options, true> = { type: true, catchAll: true, constraints: true }
  t.strictSame(Object.keys(FastifyAllowedMethodsOptions.properties), Object.keys(named))
  const typed: Options = {} as Static<typeof FastifyAllowedMethodsOptions>
  const checked: Static<typeof FastifyAllowedMethodsOptions> = {} as GivenOptions
  t.strictSame(typed, checked)
})

t.test("Fastify's own options of register are left to it", async t => {
  t.strictSame(checkOptions({ prefix: '/a', logLevel: 'warn', logSerializers: {} }), checkOptions({}))
})

t.test('type: becomes the type of the problem', async t => {
  for (const type of ['about:blank', '/problems/405', 'https://a.example/p?q=[%20]#f', 'urn:x']) {
    const app = build(t, { routes: ['GET /users'], plugin: { type } })
    t.equal((await app.inject({ method: 'PUT', url: '/users' })).json().type, type)
  }
})

t.test('options may be a function of the scope, as with any plugin', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/*', async () => 'app')
  app.register(fastifyAllowedMethods, () => ({ catchAll: true }))
  t.equal(await ask(app, 'PUT', '/'), 'GET, HEAD')
})
