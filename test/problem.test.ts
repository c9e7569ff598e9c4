import { FormatRegistry, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import Fastify from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { MethodNotAllowedProblem, ProblemDetails, isMethodNotAllowedProblem } from '../plugin/index.js'
import { DEFAULT_SETTINGS, toSettings } from '../plugin/options.js'
import { toDetail, toMethodNotAllowed } from '../plugin/problem.js'
import { build } from './helpers.js'

const put = (url: string) => ({ method: 'PUT' as const, url })

t.test('the detail names what the URL supports', async t => {
  t.equal(toDetail([]), 'This URL supports no method.')
  t.equal(toDetail(['GET']), 'This URL supports GET.')
  t.equal(toDetail(['GET', 'HEAD']), 'This URL supports GET and HEAD.')
  t.equal(toDetail(['DELETE', 'GET', 'HEAD']), 'This URL supports DELETE, GET and HEAD.')
})

t.test('the body has the members that the schema declares, and no others', async t => {
  const app = build(t, { routes: ['GET /users'] })
  const body = (await app.inject(put('/users'))).json()
  t.strictSame(Object.keys(body), Object.keys(MethodNotAllowedProblem.properties))
  t.ok(Value.Check(MethodNotAllowedProblem, body))
  t.ok(Value.Check(ProblemDetails, body), 'it is a problem details object (RFC 9457)')
})

t.test('the default body satisfies the schema whatever the path, the type and the methods are', async t => {
  const paths = ['/', '//', '/a"b', '/\\', '/%', '/%zz', '/é', '/\u2028', '/\ud800', '/"instance":""', '*', '', 'http://a.example', '/' + 'x'.repeat(5000)]
  for (const originalUrl of paths) {
    for (const allow of [[], ['GET'], ['GET', 'HEAD'], ['M-SEARCH', "!#$%&'*+.^_`|~"]]) {
      for (const type of ['about:blank', "/a?instance='':''"]) {
        const body = JSON.parse(toMethodNotAllowed({ originalUrl, raw: {} } as never, { methods: allow }, toSettings({ type })) as string)
        t.ok(Value.Check(MethodNotAllowedProblem, body))
        t.strictSame([body.allow, body.type, body.detail], [allow, type, toDetail(allow)])
      }
    }
  }
})

t.test('any list of methods has its own body', async t => {
  const wrong: string[] = []
  for (let i = 0; i < 3000; i++) {
    const method = `M${i % 1500}`
    const { allow } = JSON.parse(toMethodNotAllowed({ originalUrl: '/a', raw: {} } as never, { methods: [method] }, DEFAULT_SETTINGS) as string)
    if (allow.join() !== method) wrong.push(method)
  }
  t.strictSame(wrong, [])
})

t.test('problem builds the body from the default one and the request, at once or later', async t => {
  const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.String() })])
  for (const problem of [
    (problem: MethodNotAllowedProblem, request: { method: string }) => ({ ...problem, title: 'No', hint: `not ${request.method}` }),
    async (problem: MethodNotAllowedProblem, request: { method: string }) => ({ ...problem, title: 'No', hint: `not ${request.method}` })
  ]) {
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(fastifyAllowedMethods, { schema, problem })
    app.get('/users', async (_request, reply) => reply.sendMethodNotAllowed([]))
    const reply = await app.inject(put('/users'))
    t.equal(reply.statusCode, 405)
    t.equal(reply.headers.allow, 'GET, HEAD')
    t.equal(reply.headers['content-type'], 'application/problem+json')
    t.strictSame(reply.json(), {
      type: 'https://httpwg.org/specs/rfc9110.html#status.405',
      title: 'No',
      status: 405,
      detail: 'This URL supports GET and HEAD.',
      instance: '/users',
      allow: ['GET', 'HEAD'],
      hint: 'not PUT'
    })
    const own = await app.inject('/users')
    t.strictSame([own.statusCode, own.headers.allow, own.json().hint], [405, '', 'not GET'], 'also for sendMethodNotAllowed')
  }
})

t.test('what problem does to the default body touches that body alone', async t => {
  const app = build(t, { routes: ['GET /users'], plugin: { problem: problem => { problem.allow.length = 0; return problem } } })
  for (let i = 0; i < 2; i++) {
    const reply = await app.inject(put('/users'))
    t.equal(reply.headers.allow, 'GET, HEAD')
    t.strictSame(reply.json().allow, [])
  }
})

t.test('members that the schema does not declare are not sent, at any depth', async t => {
  const schema = Type.Object({ status: Type.Integer(), links: Type.Array(Type.Object({ href: Type.String() })) })
  const shared = Object.freeze({ status: 405, secret: 'x', links: Object.freeze([Object.freeze({ href: '/a', secret: 'y' })]) })
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, { schema, problem: () => shared as never })
  app.get('/users', async () => 'users')
  t.equal((await app.inject(put('/users'))).payload, '{"status":405,"links":[{"href":"/a"}]}')
  const inherited = JSON.parse('{"__proto__":{"secret":1},"constructor":"x","toString":{"valueOf":1}}')
  for (const extra of [{ secret: 'x' }, inherited]) {
    const byDefault = build(t, { routes: ['GET /users'], plugin: { problem: problem => ({ ...problem, ...extra }) } })
    t.strictSame(Object.keys((await byDefault.inject(put('/users'))).json()), ['type', 'title', 'status', 'detail', 'instance', 'allow'])
  }
})

t.test('a schema alone leaves of the default body what it declares', async t => {
  const app = build(t, { routes: ['GET /users'], plugin: { schema: Type.Object({ status: Type.Literal(405), allow: Type.Array(Type.String()) }) as never } })
  t.equal((await app.inject(put('/users'))).payload, '{"status":405,"allow":["GET","HEAD"]}')
})

t.test('a body may leave out the status where the schema lets it', async t => {
  const schema = Type.Object({ status: Type.Optional(Type.Literal(405)), detail: Type.String() })
  const app = build(t, { plugin: false, routes: ['GET /users'] })
  app.register(fastifyAllowedMethods, { schema, problem: ({ detail }) => ({ detail }) })
  t.equal((await app.inject(put('/users'))).payload, '{"detail":"This URL supports GET and HEAD."}')
})

t.test('what is checked is what is sent: as JSON', async t => {
  FormatRegistry.Set('test-date', value => value.startsWith('20'))
  t.teardown(() => FormatRegistry.Delete('test-date'))
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, {
    schema: Type.Object({ status: Type.Integer(), at: Type.String({ format: 'test-date' }), none: Type.Optional(Type.Null()) }),
    problem: ({ status }) => ({ status, at: new Date(Date.UTC(2026, 0)) as never, none: undefined as never })
  })
  app.get('/users', async () => 'users')
  t.equal((await app.inject(put('/users'))).payload, '{"status":405,"at":"2026-01-01T00:00:00.000Z"}')
})

t.test("a body that is no valid problem is the programmer's error: 500 by the app's error handler, Allow still set", async t => {
  const circular: Record<string, unknown> = { status: 405 }
  circular.self = circular
  let deep: object = {}
  for (let i = 0; i < 100_000; i++) deep = { deep }
  const Status = Type.Object({ status: Type.Integer(), self: Type.Optional(Type.Unknown()) })
  const Coded = Type.Object({ status: Type.Integer(), code: Type.Union([Type.RegExp(/\d/), Type.Null()]) }) // TypeBox refuses, and finds no error
  const Named = Type.Object({ status: Type.Integer(), named: Type.Record(Type.String(), Type.Integer()) })
  const cases: [unknown, RegExp, typeof Status?][] = [
    [undefined, /^problem must be an object, got undefined$/],
    [() => {}, /^problem must be an object, got \[Function/],
    [null, /^problem must be an object, got null$/],
    ['a', /^problem must be an object, got 'a'$/],
    [{ title: 5, status: 405 }, /^problem member '\/type' is invalid: Expected required property, got undefined$/],
    [{ type: 'a', title: 'a', status: 404, detail: 'a', instance: 'a', allow: [] }, /^problem member '\/status' is invalid: Expected 405, got 404$/],
    [{ type: 'a', title: 'a', status: 405, detail: 'a', instance: 'a', allow: ['a b'] }, /^problem member '\/allow\/0' is invalid: Expected string to match .*, got 'a b'$/],
    [{ status: 404 }, /^problem member '\/status' is invalid: Expected 405, got 404$/, Status],
    [{ status: 405, named: { ['k'.repeat(300)]: 'v' } }, /^problem member '\/named\/k{71}… is invalid: Expected integer, got 'v'$/, Named as never],
    [{ status: 405, get self () { throw null } }, /^problem cannot be written as JSON: null$/, Status], // eslint-disable-line no-throw-literal
    [{ status: 405, code: 5 }, /^problem member '' is invalid: Expected what the schema describes, got \{ status: 405, code: 5 \}$/, Coded as never],
    [circular, /^problem cannot be written as JSON: Converting circular structure to JSON/, Status],
    [{ status: 405, self: 1n }, /^problem cannot be written as JSON: Do not know how to serialize a BigInt$/, Status],
    [{ status: 405, self: deep }, /^problem cannot be written as JSON: Maximum call stack size exceeded$/, Status],
    [{ status: 405, self: { toJSON: () => 'x'.repeat(2 ** 30) } }, /^problem cannot be written as JSON: Invalid string length$/, Status]
  ]
  for (const [body, message, schema = MethodNotAllowedProblem] of cases) {
    for (const problem of [() => body, async () => body]) {
      const seen: (Error & { code?: string })[] = []
      const app = Fastify()
      t.teardown(() => app.close())
      app.register(fastifyAllowedMethods, { schema: schema as never, problem: problem as never })
      app.get('/users', async () => 'users')
      app.setErrorHandler((error: Error & { code?: string, statusCode?: number }, _request, reply) => {
        seen.push(error)
        reply.code(error.statusCode ?? 400).send({ failed: true })
      })
      const reply = await app.inject(put('/users'))
      t.equal(seen.length, 1)
      t.equal(seen[0]?.code, 'FST_ALLOWED_METHODS_INVALID_PROBLEM')
      t.match(seen[0]?.message, message)
      t.strictSame([reply.statusCode, reply.payload, reply.headers.allow], [500, '{"failed":true}', 'GET, HEAD'])
      t.equal((await app.inject('/users')).statusCode, 200, 'the service goes on')
    }
  }
})

t.test("what problem throws goes to the app's error handler, Allow still set", async t => {
  const thrown: [unknown, string][] = [
    [new Error('oops'), 'oops'],
    ['oops', "option 'problem' must throw errors, threw 'oops'"],
    [undefined, "option 'problem' must throw errors, threw undefined"]
  ]
  for (const [error, message] of thrown) {
    for (const problem of [() => { throw error }, async () => { throw error }]) {
      const app = build(t, { routes: ['GET /users'], plugin: { problem } })
      let cause: unknown
      app.addHook('onError', async (_request, _reply, error) => { cause = error.cause })
      const reply = await app.inject(put('/users'))
      t.equal(reply.statusCode, 500)
      t.equal(reply.json().message, message)
      t.equal(cause, error instanceof Error ? undefined : error)
      t.equal(reply.headers.allow, 'GET, HEAD')
      t.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
    }
  }
})

t.test('isMethodNotAllowedProblem', async t => {
  const problem = { type: 'about:blank', title: 'x', status: 405, detail: 'x', instance: '/a', allow: ['GET'] }
  t.ok(isMethodNotAllowedProblem(problem))
  t.ok(isMethodNotAllowedProblem({ ...problem, hint: 'use GET' }), 'a client ignores members that it does not know (RFC 9457 §3.2)')
  t.ok(isMethodNotAllowedProblem({ ...problem, allow: [] }))
  for (const wrong of [null, 405, 'x', [], {}, { ...problem, status: 404 }, { ...problem, allow: 'GET' }, { ...problem, allow: ['GET', 'GET'] }, { ...problem, allow: ['a b'] }]) {
    t.notOk(isMethodNotAllowedProblem(wrong))
  }
  for (const method of ['GET, PUT', 'GET ', ' GET', 'get', '', 5]) t.notOk(isMethodNotAllowedProblem({ ...problem, allow: [method] }), 'a method is one token, in upper case')
  for (const name of Object.keys(problem)) t.notOk(isMethodNotAllowedProblem({ ...problem, [name]: undefined }), `${name} is required`)
})

t.test('ProblemDetails holds any problem, with extension members, and can be built on', async t => {
  t.ok(Value.Check(ProblemDetails, {}))
  t.ok(Value.Check(ProblemDetails, { type: 'about:blank', status: 404, balance: 30 }))
  t.notOk(Value.Check(ProblemDetails, { status: '404' }))
  for (const status of [99, 600, 404.5]) t.notOk(Value.Check(ProblemDetails, { status }))
  for (const status of [100, 599]) t.ok(Value.Check(ProblemDetails, { status }))
  for (const name of ['type', 'title', 'detail', 'instance']) t.notOk(Value.Check(ProblemDetails, { [name]: 5 }), name)
  const OutOfCredit = Type.Composite([ProblemDetails, Type.Object({ balance: Type.Number() })])
  t.notOk(Value.Check(OutOfCredit, { title: 'Out of credit' }))
  t.ok(Value.Check(OutOfCredit, { title: 'Out of credit', balance: 30 }))
})
