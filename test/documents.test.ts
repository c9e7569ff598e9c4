import { exec } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { validate } from '@readme/openapi-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type RouteShorthandOptions } from 'fastify'
import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript'
import t, { type Test } from 'tap'
import ts from 'typescript'
import fastifyAllowedMethods, { MethodNotAllowedProblem, ProblemDetails } from '../plugin/index.js'
import { documentMethodNotAllowed } from '../plugin/openapi.js'

const VERSIONS = ['3.0.3', '3.1.0', '2.0'] as const

/** How the 405 is documented: not at all, with the default schema, or with the app, where a prefix has a schema of its own and another throws. */
const KINDS = ['without', 'with', 'in scopes'] as const

const User = Type.Object({ id: Type.String(), name: Type.String() }, { description: 'A user' })
const Users = Type.Array(User, { description: 'Users' })
const Name = Type.Object({ name: Type.String() }, { description: 'A name' })
const Missing = Type.Object(ProblemDetails.properties, { description: 'No such user' })
const Own = Type.Object(ProblemDetails.properties, { description: "The route's own 405" })

/** A schema with everything that versions of OpenAPI say in different words. */
const AdminProblem = Type.Composite([MethodNotAllowedProblem, Type.Partial(Type.Object({
  retry: Type.Union([Type.Integer({ exclusiveMinimum: 0, examples: [1] }), Type.Null()]),
  since: Type.Null(),
  links: Type.Record(Type.String(), Type.Literal('docs')),
  range: Type.Tuple([Type.Literal('a'), Type.Number({ exclusiveMaximum: 9 })]),
  tree: Type.Recursive(This => Type.Object({ nodes: Type.Array(This) }), { $id: 'Tree' })
}))], { $id: 'AdminProblem', title: 'AdminProblem' })

/** A service with routes of every kind, and its document at a hidden one. */
async function start (t: Test, version: typeof VERSIONS[number], kind: typeof KINDS[number]): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifyAllowedMethods)
  const info = {
    title: 'Users',
    version: '1.0.0',
    description: 'Users and their files',
    license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT' },
    contact: { name: 'Us', url: 'https://api.test', email: 'us@api.test' }
  }
  const transforms: Record<typeof kind, FastifyDynamicSwaggerOptions> = {
    without: {},
    with: { transformObject: documentMethodNotAllowed },
    'in scopes': { transformObject: document => documentMethodNotAllowed(document, app) }
  }
  const tags = [{ name: 'users', description: 'Users' }]
  await app.register(swagger, {
    exposeHeadRoutes: true,
    ...(version === '2.0'
      ? { swagger: { info, tags, host: 'api.test', schemes: ['https'] } }
      : { openapi: { openapi: version, info, tags, servers: [{ url: 'https://api.test' }], security: [{}] } }),
    ...transforms[kind]
  })
  const problem = (schema: object) => version === '2.0' ? schema : { ...schema, content: { 'application/problem+json': { schema } } }
  const described = (operationId: string, schema: object = {}): RouteShorthandOptions => ({
    schema: { operationId, summary: operationId, description: operationId, tags: ['users'], response: { 200: User, 404: problem(Missing) }, ...schema }
  })
  const user = async () => ({ id: '1', name: 'ada' })

  app.get('/users', described('list', { querystring: Type.Object({ q: Type.Optional(Type.String()) }), response: { 200: Users, 400: problem(Missing) } }), async () => [])
  app.post('/users', described('create', { body: Name, response: { 201: User, 400: problem(Missing) } }), async (_request, reply) => reply.code(201).send(await user()))
  app.get('/users/:id', described('read', { params: Type.Object({ id: Type.String() }) }), user)
  app.delete('/users/:id', described('remove'), async (_request, reply) => reply.sendMethodNotAllowed(['GET', 'HEAD'])) // a user that can only be read
  app.patch('/orders/:id(^\\d+$)', described('change', { body: Name }), user)
  app.get('/orders/:name', { schema: { hide: true } }, user)
  app.get('/files/*', described('file'), user)
  app.get('/range/:from-:to', described('range'), user)
  app.get('/pages/:page?', described('page'), user)
  app.put('/own', described('own', { response: { 200: User, 405: problem(Own) } }), user)
  app.get('/report', { ...described('report1'), constraints: { version: '1.0.0' } }, user)
  app.get('/report', { ...described('report2'), constraints: { version: '2.0.0' } }, user)
  app.get('/plain', async () => 'plain')
  app.register(async admin => {
    if (kind === 'in scopes') admin.register(fastifyAllowedMethods, { schema: AdminProblem })
    admin.get('/users', described('admin'), user)
    admin.options('/users/:id', described('options'), user)
  }, { prefix: '/admin/:tenant' })
  app.register(async thrown => {
    if (kind === 'in scopes') thrown.register(fastifyAllowedMethods, { throw: true })
    thrown.get('/users', described('thrown'), user)
  }, { prefix: '/thrown' })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.ready()
  return app
}

/** The document of each version and kind, by name. */
const documents: Record<string, object> = {}
for (const version of VERSIONS) {
  for (const kind of KINDS) documents[`${version} ${kind}`] = (await start(t, version, kind)).swagger()
}

/** One whose problem schema has lost its members, and whose response has lost its description. */
const broken = structuredClone(documents['3.1.0 with']) as { components: { responses: Record<string, { description?: string }>, schemas: Record<string, object> } }
broken.components.schemas.MethodNotAllowedProblem = { type: 'object' }
delete broken.components.responses.MethodNotAllowed?.description
documents.broken = broken

/** What a linter says of a response whose body is the app's own, so that it is not documented. */
const THROWN = 'operation-4xx-problem-details-rfc7807 #/components/responses/MethodNotAllowed3'

/** The documents as files, with the settings of the linters. */
function write (t: Test): string {
  return t.testdir({
    ...Object.fromEntries(Object.entries(documents).map(([name, document]) => [`${name}.json`, JSON.stringify(document)])),
    'redocly.yaml': [
      'extends: [recommended-strict]',
      'rules:',
      '  operation-4xx-problem-details-rfc7807: error',
      '  response-contains-header: { severity: error, names: { 405: [Allow] } }'
    ].join('\n'),
    'spectral.yaml': 'extends: [["spectral:oas", all]]'
  })
}

/** What a linter prints in a folder. It exits with 1 where it has complaints. */
async function lint (folder: string, ...command: string[]): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const files = Object.keys(documents).map(name => `${name}.json`)
  return promisify(exec)(['npx', ...command, ...files].map(part => JSON.stringify(part)).join(' '), { cwd: folder, env, maxBuffer: 1e8 }).catch(error => error).then(({ stdout }) => stdout)
}

/** Judges complaints, each with the file that it is about: the 405 adds none to a document, and what is broken is found. */
function judge (t: Test, complaints: { file: string, text: string }[], broken: string): void {
  const about = (name: string) => complaints.filter(({ file, text }) => file === `${name}.json` && text !== THROWN).map(({ text }) => text)
  for (const version of VERSIONS) {
    const before = about(`${version} without`)
    for (const kind of KINDS) t.strictSame(about(`${version} ${kind}`).filter(text => !before.includes(text)), [], `${version} ${kind}`)
  }
  t.ok(about('broken').includes(broken), 'broken')
}

t.test('every operation has a 405', async t => {
  for (const version of VERSIONS) {
    const { paths } = documents[`${version} in scopes`] as { paths: Record<string, Record<string, { responses: Record<string, { $ref?: string }> }>> }
    const seen = Object.entries(paths).flatMap(([path, item]) => Object.entries(item).map(([method, { responses }]) =>
      `${method} ${path}: ${responses[405]?.$ref?.replace(/.*\/MethodNotAllowed/, 'MethodNotAllowed')}`))
    t.strictSame(seen, [
      'get /users: MethodNotAllowed',
      'head /users: MethodNotAllowed',
      'post /users: MethodNotAllowed',
      'get /users/{id}: MethodNotAllowed',
      'head /users/{id}: MethodNotAllowed',
      'delete /users/{id}: MethodNotAllowed',
      'patch /orders/{id}: MethodNotAllowed',
      'get /files/{*}: MethodNotAllowed',
      'head /files/{*}: MethodNotAllowed',
      'get /range/{from}-{to}: MethodNotAllowed',
      'head /range/{from}-{to}: MethodNotAllowed',
      'get /pages/{page}?: MethodNotAllowed',
      'head /pages/{page}?: MethodNotAllowed',
      'put /own: undefined',
      'get /report: MethodNotAllowed',
      'head /report: MethodNotAllowed',
      'get /plain: MethodNotAllowed',
      'head /plain: MethodNotAllowed',
      'get /admin/{tenant}/users: MethodNotAllowed2',
      'head /admin/{tenant}/users: MethodNotAllowed2',
      'options /admin/{tenant}/users/{id}: MethodNotAllowed2',
      'get /thrown/users: MethodNotAllowed3',
      'head /thrown/users: MethodNotAllowed3'
    ], version)
  }
})

t.test('two validators accept the documents', async t => {
  for (const [name, document] of Object.entries(documents)) {
    const judged = [await new Validator().validate(structuredClone(document) as never), await validate(structuredClone(document) as never)]
    t.strictSame(judged.map(({ valid }) => valid), Array(2).fill(name !== 'broken'), name)
  }
})

t.test('Redocly, with its rule for problem details, has no complaint about the 405', async t => {
  const output = await lint(write(t), 'redocly', 'lint', '--config', 'redocly.yaml', '--format', 'json', '--max-problems', '10000')
  interface Report { problems: { ruleId: string, location: [{ source: { ref: string }, pointer: string }] }[] }
  const reports: Report[] = JSON.parse(`[${output.replaceAll('\n}{\n', '\n},{\n')}]`)
  t.equal(reports.length, Object.keys(documents).length)
  const complaints = reports.flatMap(({ problems }) => problems).map(({ ruleId, location: [{ source, pointer }] }) => ({ file: source.ref, text: `${ruleId} ${pointer}` }))
  judge(t, complaints, 'operation-4xx-problem-details-rfc7807 #/components/schemas/MethodNotAllowedProblem')
})

t.test('Spectral has no complaint about the 405', async t => {
  const folder = write(t)
  const found: { code: string, path: string[], source?: string }[] =
    JSON.parse(await lint(folder, 'spectral', 'lint', '--ruleset', 'spectral.yaml', '--format', 'json', '--quiet'))
  const complaints = found.map(({ code, path, source = '' }) => ({ file: source.slice(folder.length + 1), text: `${code} ${path.join('/')}` }))
  judge(t, complaints, 'oas3-schema components/responses/MethodNotAllowed')
})

const CLIENT = `
import createClient from 'openapi-fetch'
import type { components, paths } from './DOCUMENT.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const isTrue = <T extends true>(value: T): T => value

type Problem = components['schemas']['MethodNotAllowedProblem']
isTrue<Equal<Problem, { type: string, title: string, status: 405, detail: string, instance: string, allow: string[] }>>(true)
isTrue<Equal<components['responses']['MethodNotAllowed']['headers']['Allow'], string>>(true)

export async function ask (baseUrl: string): Promise<object[]> {
  const client = createClient<paths>({ baseUrl })
  const answers = [
    await client.PATCH('/orders/{id}', { params: { path: { id: 'ada' } }, body: { name: 'ada' } }),
    await client.DELETE('/users/{id}', { params: { path: { id: '42' } } })
  ]
  return answers.map(({ error, response }) => {
    if (error === undefined || !('allow' in error)) throw new Error('no 405')
    isTrue<Equal<typeof error, Problem>>(true)
    // @ts-expect-error the status is 405
    const status: 404 = error.status
    // @ts-expect-error no other member is declared
    const { balance, ...problem } = error
    return { problem, balance, status, response: [response.status, response.headers.get('allow')] }
  })
}
`

t.test('a client generated from the running service has the 405 typed, and gets just that', async t => {
  const addresses: Record<string, string> = {}
  const files: Record<string, string> = {}
  for (const version of ['3.0.3', '3.1.0'] as const) {
    const address = addresses[version] = await (await start(t, version, 'with')).listen({ port: 0, host: '127.0.0.1' })
    files[`${version}.ts`] = astToString(await openapiTypescript(new URL('/openapi.json', address)))
    files[`client-${version}.ts`] = CLIENT.replace('DOCUMENT', version)
  }
  files['without.ts'] = astToString(await openapiTypescript(documents['3.1.0 without'] as OpenAPI3))
  files['client-without.ts'] = CLIENT.replace('DOCUMENT', 'without')
  const folder = t.testdir()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const program = ts.createProgram(Object.keys(files).map(name => join(folder, name)), {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    skipLibCheck: true
  })
  const wrong = new Set(ts.getPreEmitDiagnostics(program).map(({ file }) => file?.fileName))
  t.strictSame([...wrong], [join(folder, 'client-without.ts')], 'only what is not documented does not compile')
  program.emit()

  for (const [version, address] of Object.entries(addresses)) {
    const { ask } = await import(join(folder, `client-${version}.js`))
    const problem = { type: 'https://httpwg.org/specs/rfc9110.html#status.405', title: 'Method Not Allowed', status: 405, detail: 'This URL supports GET and HEAD.' }
    const answer = (instance: string) => ({ problem: { ...problem, instance, allow: ['GET', 'HEAD'] }, balance: undefined, status: 405, response: [405, 'GET, HEAD'] })
    t.strictSame(await ask(address), [answer('/orders/ada'), answer('/users/42')])
  }
})
