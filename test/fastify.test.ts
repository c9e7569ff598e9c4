import { Type } from '@sinclair/typebox'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import ts from 'typescript'
import fastifyAllowedMethods, {
  type AnyRequest, type ConstraintValues, type FastifyAllowedMethodsOptions, type MethodNotAllowedError, MethodNotAllowedProblem, ProblemDetails,
  fastifyAllowedMethods as named, isMethodNotAllowedProblem
} from '../plugin/index.js'

// Types are tested where they are compiled: `npm run check` fails where one of these is not as it stands here.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
interface Tenant { tenant: string }
function exactly<A, B> (_same: Equal<A, B>): void {}
const returns = <A>() => <B>(value: B & (Equal<A, B> extends true ? unknown : never)): B => value

t.test('the options', async () => {
  exactly<
    keyof FastifyAllowedMethodsOptions,
    'type' | 'problem' | 'schema' | 'throw' | 'notFound' | 'allow' | 'catchAll' | 'constraints' | 'answerOptions' | 'notImplemented' | 'advertise'
  >(true)
  type Options = Required<FastifyAllowedMethodsOptions>
  exactly<FastifyAllowedMethodsOptions['type'], string | undefined>(true)
  exactly<Options['catchAll' | 'throw' | 'notFound' | 'answerOptions' | 'notImplemented' | 'advertise'], boolean>(true)
  exactly<Options['schema'], typeof MethodNotAllowedProblem>(true)
  exactly<Parameters<Options['problem']>, [problem: MethodNotAllowedProblem, request: AnyRequest]>(true)
  const returned = {} as MethodNotAllowedProblem | Promise<MethodNotAllowedProblem>
  returned satisfies ReturnType<Options['problem']>
  exactly<Options['allow'], (methods: string[], request: AnyRequest) => readonly string[] | Promise<readonly string[]>>(true)
  exactly<FastifyAllowedMethodsOptions['constraints'], ((request: AnyRequest) => object | Promise<object>) | undefined>(true)
  exactly<ConstraintValues, Record<string, unknown>>(true)
  exactly<typeof named, typeof fastifyAllowedMethods>(true)

  const app = Fastify()
  app.register(fastifyAllowedMethods)
  app.register(fastifyAllowedMethods, {})
  app.register(fastifyAllowedMethods, () => ({ catchAll: true }))
  app.register(fastifyAllowedMethods, { type: 'about:blank', constraints: async request => ({ tenant: request.headers['x-tenant'] }) })
  app.register(fastifyAllowedMethods, { constraints: (request: FastifyRequest): Tenant => ({ tenant: request.hostname }) })
  // @ts-expect-error -- ill-typed
  app.register(fastifyAllowedMethods, { catchAll: 'yes' })
  // @ts-expect-error -- unknown
  app.register(fastifyAllowedMethods, { catchall: true })
  // @ts-expect-error -- constraints are an object
  app.register(fastifyAllowedMethods, { constraints: () => 'a' })
})

t.test('what problem returns follows from schema', async () => {
  const Hinted = Type.Object({ status: Type.Literal(405), hint: Type.String() })
  const MaybeHinted = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.Optional(Type.String()) })])
  const app = Fastify()
  app.register(fastifyAllowedMethods, { schema: Hinted, problem: ({ status }) => ({ status, hint: 'x' }) })
  app.register(fastifyAllowedMethods, { prefix: '/api', schema: Hinted, problem: async (problem, request: FastifyRequest) => ({ ...problem, hint: request.hostname }) })
  app.register(fastifyAllowedMethods, { schema: Hinted })
  app.register(fastifyAllowedMethods, { problem: problem => ({ ...problem, title: 'x' }) })
  const options: FastifyAllowedMethodsOptions<typeof Hinted> = { schema: Hinted, problem: problem => ({ ...problem, hint: 'x' }) }
  app.register(fastifyAllowedMethods, options)
  app.register(fastifyAllowedMethods, { ...options, type: '/x' })
  app.register(fastifyAllowedMethods, { schema: Hinted, problem: ({ detail }) => ({ status: 405, hint: detail }) })
  app.register(fastifyAllowedMethods, { schema: Hinted, problem: async ({ detail }) => ({ status: 405, hint: detail }) })
  app.register(import('../plugin/index.js'), { schema: Hinted, problem: ({ detail }) => ({ status: 405, hint: detail }) })
  app.register(fastifyAllowedMethods, () => ({ schema: Hinted, problem: problem => ({ ...problem, hint: 'x' }) }))
  // @ts-expect-error -- also as a function
  app.register(fastifyAllowedMethods, () => ({ schema: Hinted, problem: problem => ({ ...problem, hint: 405 }) }))
  // @ts-expect-error -- the status is that of the response
  app.register(fastifyAllowedMethods, { schema: Hinted, problem: () => ({ status: 404, hint: 'x' }) })
  // @ts-expect-error -- a member is missing
  app.register(fastifyAllowedMethods, { schema: Hinted, problem: problem => problem })
  // @ts-expect-error -- a member is ill-typed
  app.register(fastifyAllowedMethods, { schema: Hinted, problem: problem => ({ ...problem, hint: 405 }) })
  // @ts-expect-error -- and so is one that need not be there
  app.register(fastifyAllowedMethods, { schema: MaybeHinted, problem: problem => ({ ...problem, hint: 405 }) })
  // @ts-expect-error -- in an async body too
  app.register(import('../plugin/index.js'), { schema: MaybeHinted, problem: async problem => ({ ...problem, hint: 405 }) })
  // @ts-expect-error -- another option is ill-typed
  app.register(fastifyAllowedMethods, { schema: Hinted, catchAll: 'yes' })
  // @ts-expect-error -- an option is unknown
  app.register(fastifyAllowedMethods, { schema: Hinted, catchall: true })
  // @ts-expect-error -- the default schema needs all its members
  app.register(fastifyAllowedMethods, { problem: () => ({ status: 405 }) })
  app.register(async (_app, options: { schema: object }) => { returns<object>()(options.schema) }, { schema: Hinted })
})

t.test('the decorators, on every kind of app', async t => {
  const app = Fastify()
  exactly<typeof app.methodsByUrl, ReadonlyMap<string, ReadonlySet<string>>>(true)
  const uses = (request: FastifyRequest) => {
    returns<string[]>()(app.allowedMethods('/users', { version: '1.x' }))
    returns<string[] | Promise<string[]>>()(app.allowedMethods(request))
    returns<string[] | Promise<string[]>>()(app.allowedMethods(request, { version: '1.x' }))
    returns<string[] | Promise<string[]>>()(app.allowedMethods(request as FastifyRequest | string))
    returns<string[] | Promise<string[]>>()(app.allowedMethods(request as any))
    // @ts-expect-error -- neither a URL nor a request
    app.allowedMethods(42)
    // @ts-expect-error -- read-only
    app.methodsByUrl.set('/users', new Set())
    // @ts-expect-error -- read-only
    app.methodsByUrl = new Map()
  }
  t.type(uses, 'function')

  app.get('/users', async (_request, reply) => {
    // @ts-expect-error -- methods are an array
    if (reply.sent) return reply.sendMethodNotAllowed('GET')
    const sent = reply.sendMethodNotAllowed(['GET'] as const)
    exactly<typeof sent, typeof reply>(true)
    return sent
  })

  const http2 = Fastify({ http2: true })
  http2.register(fastifyAllowedMethods, { constraints: request => ({ tenant: request.headers['x-tenant'] }) })
  http2.get('/users', async (request, reply) => await http2.allowedMethods(request) && reply.sendMethodNotAllowed())
  const typed = Fastify().withTypeProvider<TypeBoxTypeProvider>()
  typed.register(fastifyAllowedMethods)
  typed.get('/users', { schema: { response: { 200: Type.String() } } }, async (_request, reply) => reply.sendMethodNotAllowed())
})

t.test('the error of the option throw', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods, { throw: true })
  app.get('/users', async () => [])
  app.setErrorHandler<MethodNotAllowedError>(async ({ code, statusCode, allow, headers }) => {
    exactly<typeof allow, string[]>(true)
    const error: Pick<MethodNotAllowedError, 'code' | 'statusCode' | 'allow' | 'headers'> = { code, statusCode, allow, headers }
    return error
  })
  t.strictSame((await app.inject({ method: 'PUT', url: '/users' })).json(), {
    code: 'FST_ALLOWED_METHODS_METHOD_NOT_ALLOWED', statusCode: 405, allow: ['GET', 'HEAD'], headers: { allow: 'GET, HEAD' }
  })
})

/** What an editor offers at the caret `|`, in a module of the folder test/. */
function complete (source: string): string[] {
  const file = `${process.cwd()}/test/completed.mts`
  const text = source.replace('|', '')
  const service = ts.createLanguageService({
    ...ts.sys,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: name => {
      const content = name === file ? text : ts.sys.readFile(name)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    getCompilationSettings: () => ({ strict: true, module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: ['node'] }),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    useCaseSensitiveFileNames: () => true
  })
  return service.getCompletionsAtPosition(file, source.indexOf('|'), {})?.entries.map(({ name }) => name) ?? []
}

t.test("an editor completes this plugin's options for it, and for no other plugin", async t => {
  const offered = (plugin: string, imports = "import allowed from '../plugin/index.js'") =>
    complete(`import Fastify from 'fastify'\nimport cors from '@fastify/cors'\n${imports}\nFastify().register(${plugin}, { o| })`)
  t.ok(offered('allowed').includes('catchAll'))
  const others = offered('cors')
  t.ok(others.includes('credentials'))
  t.strictSame(others, offered('cors', ''))
  const members = complete(`import { Type } from '@sinclair/typebox'\nimport Fastify from 'fastify'\nimport allowed, { MethodNotAllowedProblem } from '../plugin/index.js'
    const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.String() })])
    Fastify().register(allowed, { schema, problem: problem => ({ ...problem, | }) })`)
  t.ok(members.includes('title'))
  t.notOk(members.includes('unmatched'), 'what no body has is not offered')
})

t.test('the schemas and their static types', async t => {
  exactly<MethodNotAllowedProblem, { type: string, title: string, status: 405, detail: string, instance: string, allow: string[] }>(true)
  exactly<ProblemDetails, { type?: string, title?: string, status?: number, detail?: string, instance?: string } & Record<string, unknown>>(true)
  const problem: ProblemDetails = { status: 402, balance: 30 }
  t.ok(problem)
  const body: unknown = {}
  if (isMethodNotAllowedProblem(body)) exactly<typeof body, MethodNotAllowedProblem>(true)
  t.equal(MethodNotAllowedProblem.properties.status.const, 405)
  t.equal(ProblemDetails.type, 'object')
})
