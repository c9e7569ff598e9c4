// An app that uses all that is public: every entry point, option, decorator and type.
//
// run.js compiles and runs it as an ES module and as CommonJS, against the packed plugin.

import assert from 'node:assert/strict'
import swagger from '@fastify/swagger'
import { type Static, type TObject, Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import allowedMethods, {
  type AnyRequest, type ConstraintValues, type FastifyAllowedMethods, type FastifyAllowedMethodsOptions, type MethodNotAllowedError,
  MethodNotAllowedProblem, ProblemDetails, fastifyAllowedMethods, isMethodNotAllowedProblem
} from 'fastify-allowed-methods'
import {
  type DocumentOf, type MethodNotAllowedResponse, type TransformedDocument, documentMethodNotAllowed, methodNotAllowedResponse
} from 'fastify-allowed-methods/openapi'
import { type FindWrongAnswersOptions, type WrongAnswer, type WrongAnswers, findWrongAnswers } from 'fastify-allowed-methods/testing'

const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.String() })])
const coded = Type.Composite([MethodNotAllowedProblem, Type.Object({ code: Type.Literal('WRONG_METHOD'), span: Type.Tuple([Type.Number(), Type.Number()]) })])
const defaults: Required<FastifyAllowedMethodsOptions> = {
  type: '/problems/method-not-allowed',
  problem: problem => problem,
  schema: MethodNotAllowedProblem,
  throw: false,
  notFound: false,
  allow: methods => methods,
  catchAll: false,
  constraints: () => ({}),
  answerOptions: true,
  notImplemented: true,
  advertise: true
}
const wrongOptions: FastifyAllowedMethodsOptions[] = [
  // @ts-expect-error an option that does not exist
  { methods: [] },
  // @ts-expect-error an option of another type
  { catchAll: 'yes' },
  // @ts-expect-error a body that lacks members
  { problem: () => ({ title: 'No' }) }
]

// What reads the type of `register`, as Nest's adapter does, finds Fastify's own; and who wraps the plugin can publish the types of that.
export const others: Parameters<FastifyInstance['register']>[] = [[(_app, _options, done) => { done() }, { prefix: '/others', custom: 1 }]]
export const wrapper = (options: Parameters<typeof allowedMethods>[1]) => options

/** Registers the plugin with a schema that only the caller knows. */
function registerGeneric<Schema extends TObject> (app: FastifyInstance, schema: Schema, problem: (problem: MethodNotAllowedProblem) => Static<Schema> & { status: 405 }): void {
  app.register(allowedMethods, { schema, problem })
}

async function build (): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(swagger, { openapi: { openapi: '3.1.0' }, transformObject: document => documentMethodNotAllowed(document, app) })
  await app.register(allowedMethods, defaults)
  await app.register(async api => {
    await api.register(fastifyAllowedMethods, {
      schema,
      problem: async (problem, request) => ({ ...problem, hint: `Not ${request.method}` }),
      allow: async (methods: string[], request: AnyRequest) => methods.filter(method => method !== request.headers['x-hide'])
    })
    const maybe = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.Optional(Type.String()) })])
    const wrong = [
      // @ts-expect-error the body does not satisfy the option `schema`
      () => api.register(allowedMethods, { schema, problem: problem => problem }),
      // @ts-expect-error nor where that adds an optional member alone
      () => api.register(allowedMethods, { schema: maybe, problem: problem => ({ ...problem, hint: 405 }) }),
      // @ts-expect-error nor another literal than the schema's
      () => api.register(allowedMethods, { schema: coded, problem: problem => ({ ...problem, code: 'OTHER', span: [1, 2] }) }),
      // @ts-expect-error nor where the type of the options is given
      () => api.register<FastifyAllowedMethodsOptions<typeof schema>>(allowedMethods, { schema, problem: problem => problem })
    ]
    assert.equal(wrong.length, 4)
    api.get('/users', async () => [])
    api.patch('/users', async (request, reply) => reply.sendMethodNotAllowed(await app.allowedMethods(request)))
  }, { prefix: '/api' })
  await app.register(async given => {
    const plugin: FastifyPluginAsync<FastifyAllowedMethodsOptions<typeof coded>> = allowedMethods
    await given.register<FastifyAllowedMethodsOptions>(allowedMethods, { catchAll: true })
    await given.register<FastifyAllowedMethodsOptions<typeof schema>>(allowedMethods, { schema, problem: problem => ({ ...problem, hint: 'x' }) })
    await given.register(plugin, { schema: coded, problem: problem => ({ ...problem, code: 'WRONG_METHOD', span: [1, 2] }) })
    await given.register(allowedMethods, { schema: coded, problem: async problem => ({ ...problem, code: 'WRONG_METHOD', span: [1, 2] }) })
  }, { prefix: '/given' })
  await app.register(async generic => { registerGeneric(generic, schema, problem => ({ ...problem, hint: 'x' })) }, { prefix: '/generic' })
  await app.register(async thrown => { await thrown.register(allowedMethods, { throw: true }) }, { prefix: '/thrown' })
  for (const other of others) app.register(...other)
  app.setErrorHandler((error: MethodNotAllowedError, _request, reply) => reply.code(error.statusCode).send([...error.allow, error.headers.allow]))
  app.get('/thrown', async () => [])
  app.get('/users/:id', async request => request.params)
  return app
}

async function check (): Promise<void> {
  const plugin: FastifyAllowedMethods = allowedMethods
  assert.equal(plugin.default, fastifyAllowedMethods)
  assert.equal(wrongOptions.length, 3)

  const app = await build()
  const reply = await app.inject({ method: 'PATCH', url: '/users/42' })
  const body: unknown = reply.json()
  assert.ok(isMethodNotAllowedProblem(body))
  const { status, allow }: { status: 405, allow: string[] } = body
  const problem: ProblemDetails = body
  assert.deepEqual([reply.statusCode, reply.headers.allow, status, allow, problem.type], [405, 'GET, HEAD', 405, ['GET', 'HEAD'], defaults.type])
  assert.ok('title' in ProblemDetails.properties)

  const inScope = await app.inject({ method: 'PATCH', url: '/api/users', headers: { 'x-hide': 'GET' } })
  assert.deepEqual([inScope.statusCode, inScope.headers.allow, inScope.json().hint], [405, 'HEAD', 'Not PATCH'])

  assert.deepEqual((await app.inject({ method: 'PATCH', url: '/thrown' })).json(), ['GET', 'HEAD', 'GET, HEAD'])

  const constraints: ConstraintValues = {}
  const methods: string[] = app.allowedMethods('/users/42', constraints)
  const recorded: ReadonlySet<string> | undefined = app.methodsByUrl.get('/users/:id')
  assert.deepEqual([methods, app.allowedMethods('/nothing'), [...recorded ?? []].sort()], [['GET', 'HEAD'], [], ['GET', 'HEAD']])

  const document: TransformedDocument = { openapiObject: { openapi: '3.1.0', paths: { '/users/{id}': { get: {} } } } }
  const documented: DocumentOf<typeof document> = documentMethodNotAllowed(document)
  const response: MethodNotAllowedResponse = methodNotAllowedResponse('3.1.0', schema)
  assert.ok(JSON.stringify([documented, app.swagger()]).includes('#/components/responses/MethodNotAllowed'))
  assert.ok(response.content)

  const options: FindWrongAnswersOptions = { params: { id: '42' }, headers: { accept: '*/*' }, ignore: ['/nothing', /^\/docs/] }
  const wrong: WrongAnswers = await findWrongAnswers(app, options)
  assert.deepEqual([...wrong] satisfies WrongAnswer[], [])
  assert.ok(wrong.checks > 0)
  await app.close()
}

check().catch(error => {
  console.error(error)
  process.exitCode = 1
})
