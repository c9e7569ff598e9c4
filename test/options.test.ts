import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions as Options, MethodNotAllowedProblem } from '../plugin/index.js'
import { DEFAULT_SETTINGS, type GivenOptions, checkOptions } from '../plugin/options.js'
import { FastifyAllowedMethodsOptions } from '../types/options.js'
import { ask, build } from './helpers.js'

const unsatisfied = "option 'schema' must be satisfied by the default problem, unless the option 'problem' builds another: "
const names = 'type, problem, schema, throw, notFound, allow, catchAll, constraints, answerOptions, notImplemented, advertise'

t.test('an app does not start with an option that is wrong or does not exist: code, name, value and expectation', async t => {
  const wrong: [unknown, string | RegExp][] = [
    [{ catchAll: 'yes' }, "option 'catchAll' must be a boolean, got 'yes'"],
    [{ catchAll: null }, "option 'catchAll' must be a boolean, got null"],
    [{ type: 405 }, "option 'type' must be a URI reference, got 405"],
    [{ type: '' }, "option 'type' must be a URI reference, got ''"],
    [{ type: 'not a reference' }, "option 'type' must be a URI reference, got 'not a reference'"],
    [{ type: 'https://a.example/%zz' }, "option 'type' must be a URI reference, got 'https://a.example/%zz'"],
    [{ problem: {} }, "option 'problem' must be a function, got {}"],
    [{ allow: ['GET'] }, "option 'allow' must be a function, got [ 'GET' ]"],
    [{ throw: 1 }, "option 'throw' must be a boolean, got 1"],
    [{ notFound: () => {} }, "option 'notFound' must be a boolean, got [Function: notFound]"],
    [{ answerOptions: 'on' }, "option 'answerOptions' must be a boolean, got 'on'"],
    [{ notImplemented: 501 }, "option 'notImplemented' must be a boolean, got 501"],
    [{ advertise: {} }, "option 'advertise' must be a boolean, got {}"],
    [{ schema: 'x' }, "option 'schema' must be an object schema of @sinclair/typebox, got 'x'"],
    [{ schema: Type.String() }, /^option 'schema' must be an object schema of @sinclair\/typebox \(typebox is another package\), with patterns that compile, got \{ type: 'string', /],
    [
      { schema: { type: 'object', properties: {} } },
      "option 'schema' must be an object schema of @sinclair/typebox (typebox is another package), with patterns that compile, got { type: 'object', properties: {} }"
    ],
    [{ schema: Type.Object({ status: Type.Literal(405), title: Type.String({ pattern: '(' }) }) }, /, with patterns that compile, got \{ type: 'object', /],
    [{ schema: Type.Object({}) }, "option 'schema' must have a member 'status' that can be 405, got undefined"],
    [{ schema: Type.Object({ status: Type.Literal('405') }) }, /^option 'schema' must have a member 'status' that can be 405, got \{ const: '405', /],
    [{ schema: Type.Object({ status: Type.Literal(404) }) }, /^option 'schema' must have a member 'status' that can be 405, got \{ const: 404, /],
    [
      { schema: Type.Object({ status: Type.Literal(405), type: Type.String({ format: 'uri-reference' }) }) },
      "option 'schema' must have formats that TypeBox knows, got 'uri-reference'; FormatRegistry.Set makes it known, " +
        'of the TypeBox that the plugin loads: both by import, or both by require'
    ],
    [{ schema: Type.Object({ status: Type.Integer(), default: Type.Array(Type.String({ format: 'x' })) }) }, /^option 'schema' must have formats that TypeBox knows, got 'x'; /],
    [{ schema: Type.Object({ status: Type.Integer(), 'allow-list': Type.String() }) }, `${unsatisfied}'/allow-list' is invalid: Expected required property, got undefined`],
    [{ schema: Type.Object({ status: Type.Integer(), hint: Type.String() }) }, `${unsatisfied}'/hint' is invalid: Expected required property, got undefined`],
    [{ schema: Type.Object({ status: Type.Integer(), title: Type.Literal('No') }) }, `${unsatisfied}'/title' is invalid: Expected 'No', got 'Method Not Allowed'`],
    [
      { schema: Type.Object({ status: Type.Integer() }, { minProperties: 2 }) },
      `${unsatisfied}'' is invalid: Expected object to have at least 2 properties, got { status: 405 }`
    ],
    [{ constraints: { secret: 'x' } }, "option 'constraints' must be a function, got { secret: 'x' }"],
    [{ catchall: true }, `option 'catchall' does not exist, got true; the options are ${names}`],
    [{ 'a/b~c': 1 }, `option 'a/b~c' does not exist, got 1; the options are ${names}`],
    [{ constructor: 1 }, `option 'constructor' does not exist, got 1; the options are ${names}`],
    [Object.create({ catchAll: 'yes' }), "option 'catchAll' must be a boolean, got 'yes'"],
    [new Promise(() => {}), /^options must be an object, got Promise \{ <pending>/],
    [() => {}, 'options must be an object, got undefined'],
    [() => null, 'options must be an object, got null']
  ]
  for (const [options, message] of wrong) {
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(fastifyAllowedMethods, options as object)
    await t.rejects(async () => await app.ready(), { code: 'FST_ALLOWED_METHODS_INVALID_OPTION', message }, String(message))
  }
})

t.test('options may be accessors of a class', async t => {
  class Config { get catchAll () { return true } }
  const app = build(t, { plugin: new Config(), routes: ['GET /*'] })
  t.equal((await app.inject({ method: 'PUT', url: '/a' })).headers.allow, 'GET, HEAD')
})

t.test('a schema may have data with a member called format, and ask for what varies with the request', async t => {
  const cyclic: { self?: object } = {}
  cyclic.self = cyclic
  const app = build(t, {
    plugin: {
      schema: Type.Object({
        status: Type.Integer({ format: 'int32', examples: [{ format: 'csv' }] }),
        format: Type.Optional(Type.String()),
        limit: Type.Optional(Type.BigInt({ minimum: 0n })),
        cyclic: Type.Optional(Type.Any({ default: cyclic })),
        detail: Type.String({ pattern: 'DELETE', default: { format: 'csv' } })
      }) as never
    },
    routes: ['DELETE /a', 'GET /b']
  })
  t.equal((await app.inject({ method: 'PUT', url: '/a' })).json().detail, 'This URL supports DELETE.')
  t.equal((await app.inject({ method: 'PUT', url: '/b' })).json().code, 'FST_ALLOWED_METHODS_INVALID_PROBLEM')
})

t.test('of a Type.Module, the formats that count are those of the parts that a schema refers to', async t => {
  const models = Type.Module({ Unused: Type.String({ format: 'x' }), Used: Type.String({ format: 'y' }), Deep: Type.Array(Type.Ref('Used')), Plain: Type.Array(Type.String()) })
  const start = async (hint: TSchema) => {
    const schema = Type.Object({ status: Type.Integer(), hint: Type.Optional(hint) })
    await build(t, { plugin: { schema } as object }).ready()
  }
  await start(models.Import('Plain'))
  for (const name of ['Used', 'Deep'] as const) await t.rejects(start(models.Import(name)), { message: /^option 'schema' must have formats that TypeBox knows, got 'y'; / })
  await t.rejects(start(Type.Array(models.Import('Unused'))), { message: /, got 'x'; / })
  for (const name of ['$ref', '$defs']) await t.rejects(start(Type.Object({ [name]: Type.String({ format: 'z' }) })), { message: /, got 'z'; / }, `a member ${name}`)
})

t.test('a schema may ask for the type that the option gives, and for no other', async t => {
  const schema = Type.Object({ type: Type.Literal('/405'), status: Type.Literal(405) }) as never
  const app = build(t, { plugin: { schema, type: '/405' }, routes: ['GET /a'] })
  t.strictSame((await app.inject({ method: 'PUT', url: '/a' })).json(), { type: '/405', status: 405 })
  await t.rejects(async () => await build(t, { plugin: { schema } }).ready(), { code: 'FST_ALLOWED_METHODS_INVALID_OPTION', message: /'\/type' is invalid: Expected '\/405', got 'https:/ })
})

t.test('a schema that refers to others, or is of an unknown kind, is refused, with the reason and the part', async t => {
  const rows: [other: object, message: RegExp][] = [
    [Type.Ref('Other'), /^option 'schema' must be one that TypeBox can compile by itself: .*Other.*, got \{ '\$ref': 'Other'/],
    [Type.Unsafe({ const: 'x' }), /^option 'schema' must be one that TypeBox can compile by itself: Unknown type, got \{ const: 'x'/],
    [{ ...Type.RegExp(/a/), source: '(' }, /^option 'schema' must be one that TypeBox can compile by itself: Invalid regular expression.*, got \{ type: 'object'/]
  ]
  for (const [other, message] of rows) {
    await t.rejects(checkOptions({ schema: Type.Object({ status: Type.Integer(), other: other as never }) }), { code: 'FST_ALLOWED_METHODS_INVALID_OPTION', message })
  }
})

t.test('a member that the schema requires may come from problem, also from that of a scope around', async t => {
  const schema = Type.Object({ status: Type.Integer(), hint: Type.String() })
  const app = build(t, { plugin: { problem: problem => Object.assign(problem, { hint: 'x' }) }, routes: ['GET /api/a', 'GET /a'] })
  app.register(async api => { api.register(fastifyAllowedMethods, { schema }) }, { prefix: '/api' })
  t.strictSame((await app.inject({ method: 'PUT', url: '/api/a' })).json(), { status: 405, hint: 'x' })
  t.equal((await app.inject({ method: 'PUT', url: '/a' })).json().hint, undefined)
})

t.test('a long value is cut in the message', async t => {
  await t.rejects(checkOptions({ type: ' '.repeat(1000) }), { message: /^.{80,130}$/ })
})

t.test('the defaults', async t => {
  const { check, clean, frames, ...defaults } = DEFAULT_SETTINGS
  t.strictSame(defaults, {
    type: 'https://httpwg.org/specs/rfc9110.html#status.405',
    schema: MethodNotAllowedProblem,
    throw: false,
    catchAll: false,
    answerOptions: false,
    notImplemented: false,
    advertise: false
  })
  t.equal(check.Schema(), MethodNotAllowedProblem)
  t.strictSame(await checkOptions({ type: undefined, catchAll: undefined, constraints: undefined, other: undefined }), {}, 'undefined is absent')
})

t.test('the schema and the documented type of the options name the same ones', async t => {
  const named: Record<keyof Options, true> = {
    type: true, problem: true, schema: true, throw: true, notFound: true, allow: true, catchAll: true, constraints: true, answerOptions: true, notImplemented: true, advertise: true
  }
  t.strictSame(Object.keys(FastifyAllowedMethodsOptions.properties), Object.keys(named))
  const typed: Options<TObject> = {} as Static<typeof FastifyAllowedMethodsOptions>
  const checked: Static<typeof FastifyAllowedMethodsOptions> = {} as GivenOptions
  t.strictSame(typed, checked)
})

t.test("Fastify's own options of register are left to it", async t => {
  t.strictSame(await checkOptions({ prefix: '/a', logLevel: 'warn', logSerializers: {} }), {})
})

t.test('type: becomes the type of the problem', async t => {
  for (const type of ['about:blank', '/problems/405', 'https://a.example/p?q=[%20]#f', 'urn:x', "/-._~!$&'()*+,;=:@%2f%AF"]) {
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
