import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { Type, type TObject } from '@sinclair/typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import fastifyAllowedMethods, { MethodNotAllowedProblem } from '../plugin/index.js'
import { type DocumentOf, type TransformedDocument, documentMethodNotAllowed, methodNotAllowedResponse } from '../plugin/openapi.js'
import { build, declare } from './helpers.js'

type Members = Record<string, unknown>
interface Document extends Members {
  paths: Record<string, Record<string, { responses: Members }>>
  components: Record<string, Record<string, Members>>
}

const info = { title: 'Users', version: '1.0.0' }
const ok = { responses: { 200: { description: 'The user' } } }
const REFERENCE = { $ref: '#/components/responses/MethodNotAllowed' }
const Slim = Type.Object({ status: Type.Literal(405), hint: Type.Optional(Type.String()) }, { title: 'Slim' })
const Wide = Type.Object({ status: Type.Literal(405), links: Type.Optional(Type.Array(Type.String())) }, { title: 'Wide' })

/** A document of OpenAPI 3.1 with a GET at each path. */
const describe = (...urls: string[]) => ({ openapi: '3.1.0', info, paths: Object.fromEntries(urls.map(url => [url, { get: ok }])) })

/** A documented document. */
const documented = (document: object, app?: FastifyInstance) => documentMethodNotAllowed({ openapiObject: document }, app) as Document

/** What stands for 405 at the GET of each path, with what its `$ref` leads to: the title of the schema, or null for no content. */
const titles = (document: Document) => Object.fromEntries(Object.entries(document.paths).map(([path, { get }]) => {
  const { $ref } = Object(get?.responses[405])
  if ($ref === undefined) return [path, undefined]
  const response = document.components.responses?.[$ref.split('/').at(-1)] as { content?: { 'application/problem+json': { schema: { $ref: string } } } }
  const schema = response.content?.['application/problem+json'].schema.$ref.split('/').at(-1)
  return [path, schema === undefined ? null : document.components.schemas?.[schema]?.title]
}))

/** An app with @fastify/swagger, ready. */
async function start (t: Test, options: FastifyDynamicSwaggerOptions, routes: (app: FastifyInstance) => void = app => declare(app, 'GET /users')): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(swagger, options)
  await app.register(fastifyAllowedMethods)
  routes(app)
  await app.ready()
  return app
}

/** An app with a schema of its own in two prefixes, and the error handler's own body in a third. */
async function startScopes (t: Test): Promise<FastifyInstance> {
  const app = build(t, { routes: ['GET /users'] })
  app.register(async slim => { slim.register(fastifyAllowedMethods, { schema: Slim }) }, { prefix: '/slim' })
  app.register(async wide => { wide.register(fastifyAllowedMethods, { schema: Wide }) }, { prefix: '/:tenant/wide' })
  app.register(async thrown => { thrown.register(fastifyAllowedMethods, { throw: true }) }, { prefix: '/thrown' })
  await app.ready()
  return app
}

function freeze<T extends object> (value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}

t.test('each operation refers to one response, with Allow and the problem as a named schema', async t => {
  const document = documented({
    openapi: '3.1.0',
    info,
    paths: { '/users': { get: ok, post: ok }, '/users/{id}': { put: ok, delete: ok, options: ok, head: ok, patch: ok, trace: ok } }
  })
  for (const operation of Object.values(document.paths).flatMap(item => Object.values(item))) {
    t.strictSame(operation, { responses: { ...ok.responses, 405: REFERENCE } })
  }
  const { $id, ...schema } = JSON.parse(JSON.stringify(MethodNotAllowedProblem))
  t.strictSame(document.components, {
    schemas: { MethodNotAllowedProblem: schema },
    responses: {
      MethodNotAllowed: {
        description: 'The URL does not support the method (RFC 9110 §15.5.6)',
        headers: {
          Allow: {
            description: 'The methods that the URL supports, separated by commas (RFC 9110 §10.2.1)',
            required: true,
            schema: { type: 'string' }
          }
        },
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/MethodNotAllowedProblem' } } }
      }
    }
  })
})

t.test('OpenAPI 3.0 has a one-element enum for const, also where the version is missing', async t => {
  for (const version of [{ openapi: '3.0.3' }, {}]) {
    const { components } = documented({ ...version, paths: { '/users': { get: ok } } })
    t.strictSame((components.schemas?.MethodNotAllowedProblem?.properties as Members).status, {
      description: 'The status code of this response (RFC 9110 §15.5.6)', enum: [405], type: 'number'
    })
  }
})

t.test('Swagger 2.0 has definitions, and keeps what its operations produce', async t => {
  const document = documentMethodNotAllowed({
    swaggerObject: { swagger: '2.0', info, definitions: { User: { type: 'object' } }, paths: { '/users': { get: { produces: ['application/json'], ...ok } } } }
  }) as object as { definitions: Members & { MethodNotAllowedProblem: { properties: Members } } }
  const { definitions: { User, MethodNotAllowedProblem: problem, ...others }, ...rest } = document
  t.strictSame(User, { type: 'object' })
  t.strictSame(others, {})
  t.strictSame(problem.properties.status, { description: 'The status code of this response (RFC 9110 §15.5.6)', enum: [405], type: 'number' })
  t.strictSame(rest, {
    swagger: '2.0',
    info,
    paths: { '/users': { get: { produces: ['application/json'], responses: { ...ok.responses, 405: { $ref: '#/responses/MethodNotAllowed' } } } } },
    responses: {
      MethodNotAllowed: {
        description: 'The URL does not support the method (RFC 9110 §15.5.6)',
        headers: { Allow: { description: 'The methods that the URL supports, separated by commas (RFC 9110 §10.2.1)', type: 'string' } },
        schema: { $ref: '#/definitions/MethodNotAllowedProblem' }
      }
    }
  })
})

t.test("an operation's own 405 stays; 4XX and default are none", async t => {
  const own = { 405: { description: 'Mine' } }
  const { paths } = documented({ paths: { '/a': { get: { responses: own } }, '/b': { get: { responses: { '4XX': own[405], default: own[405] } } } } })
  t.strictSame(paths['/a']?.get?.responses, own)
  t.strictSame(paths['/b']?.get?.responses, { 405: REFERENCE, '4XX': own[405], default: own[405] })
})

t.test('an operation without responses gets them', async t => {
  t.strictSame(documented({ paths: { '/a': { get: { summary: 'A' } } } }).paths, { '/a': { get: { summary: 'A', responses: { 405: REFERENCE } } } })
})

t.test('what is no operation stays: other members of a path item, callbacks, webhooks, extensions', async t => {
  const get = { ...ok, callbacks: { changed: { '{$request.query.url}': { post: ok } } } }
  const rest = { parameters: [{ name: 'id', in: 'path' }], summary: 'A', description: 'A', servers: [{ url: '/' }], $ref: '#/paths/~1b', 'x-get': { get: ok } }
  const webhooks = { changed: { post: ok } }
  const document = documented({ openapi: '3.1.0', paths: { '/a': { ...rest, get }, 'x-paths': { get: ok } }, webhooks })
  t.strictSame(document.paths, { '/a': { ...rest, get: { ...get, responses: { ...ok.responses, 405: REFERENCE } } }, 'x-paths': { get: ok } })
  t.strictSame(document.webhooks, webhooks)
})

t.test('the operations that OpenAPI 3.2 added', async t => {
  const operation = { responses: { ...ok.responses, 405: REFERENCE } }
  t.strictSame(documented({ openapi: '3.2.0', paths: { '/a': { query: ok, additionalOperations: { PROPFIND: ok } } } }).paths, {
    '/a': { query: operation, additionalOperations: { PROPFIND: operation } }
  })
})

t.test('a document without operations stays as it is', async t => {
  for (const document of [{ openapi: '3.1.0', info }, { openapi: '3.1.0', paths: {} }, { paths: { '/a': { summary: 'A' } }, components: {} }]) {
    t.strictSame(documented(document), document)
  }
})

t.test('the document and the schema that are given are not changed', async t => {
  const app = build(t, { plugin: false })
  app.register(fastifyAllowedMethods, { schema: freeze(Type.Object({ ...Slim.properties }, { $id: 'Frozen' })) })
  await app.ready()
  const components = { responses: { Gone: { description: 'Gone' } }, schemas: { User: { type: 'object' } } }
  const document = freeze({ ...describe('/users', '/users/{id}'), components })
  t.strictSame(Object.keys(documented(document, app).components.responses as object), ['Gone', 'MethodNotAllowed'])
  t.strictSame(documentMethodNotAllowed({ swaggerObject: freeze({ ...document, swagger: '2.0' }) }).info, info)
})

t.test('run again, it changes nothing', async t => {
  const app = await startScopes(t)
  const once = documented(describe('/users', '/slim/users', '/thrown/users'), app)
  t.strictSame(documented(once, app), once)
  once.paths['/more'] = { get: ok }
  const { components, paths } = documented(once, app)
  t.strictSame(components, once.components)
  t.strictSame(paths['/more']?.get?.responses[405], REFERENCE)
})

t.test('a name that is taken is left alone, and the next free one is used', async t => {
  const taken = { responses: { MethodNotAllowed: { description: 'Mine' }, MethodNotAllowed2: { description: 'Mine too' } }, schemas: { MethodNotAllowedProblem: { type: 'object' } } }
  const { components, paths } = documented({ ...describe('/users'), components: taken })
  t.strictSame(paths['/users']?.get?.responses[405], { $ref: '#/components/responses/MethodNotAllowed3' })
  t.strictSame(Object.keys(components.responses as object), ['MethodNotAllowed', 'MethodNotAllowed2', 'MethodNotAllowed3'])
  t.strictSame(Object.keys(components.schemas as object), ['MethodNotAllowedProblem', 'MethodNotAllowedProblem2'])
  t.strictSame({ ...components.responses, MethodNotAllowed3: undefined }, { ...taken.responses, MethodNotAllowed3: undefined })
  t.strictSame(components.schemas?.MethodNotAllowedProblem, { type: 'object' })
  t.strictSame(components.responses?.MethodNotAllowed3?.content, { 'application/problem+json': { schema: { $ref: '#/components/schemas/MethodNotAllowedProblem2' } } })
})

t.test('what is there already under the name and equal is used', async t => {
  const { components } = documented(describe('/users'))
  t.strictSame(documented({ ...describe('/users'), components }).components, components)
})

t.test('with the app, the schema in force at each path is documented', async t => {
  const app = await startScopes(t)
  const document = documented(describe('/users', '/slim/users', '/{tenant}/wide/users', '/slim/other', '/slimmer'), app)
  t.strictSame(titles(document), {
    '/users': 'MethodNotAllowedProblem',
    '/slim/users': 'Slim',
    '/{tenant}/wide/users': 'Wide',
    '/slim/other': 'Slim',
    '/slimmer': 'MethodNotAllowedProblem'
  })
  t.strictSame(Object.keys(document.components.responses as object), ['MethodNotAllowed', 'MethodNotAllowed2', 'MethodNotAllowed3'])
  t.strictSame(Object.keys(document.components.schemas as object), ['MethodNotAllowedProblem', 'MethodNotAllowedProblem2', 'MethodNotAllowedProblem3'])
})

t.test('equal schemas share one response', async t => {
  const app = build(t, { plugin: false })
  app.register(fastifyAllowedMethods, { schema: Slim })
  app.register(async other => {
    other.register(fastifyAllowedMethods, { schema: Type.Object({ ...Slim.properties }, { title: 'Slim', $id: 'Other' }) })
  }, { prefix: '/other' })
  await app.ready()
  const { components } = documented(describe('/users', '/other/users'), app)
  t.strictSame([components.responses, components.schemas].map(parts => Object.keys(Object(parts))), [['MethodNotAllowed'], ['MethodNotAllowedProblem']])
})

t.test("with the option throw, the body is the app's: Allow is documented, and no content", async t => {
  const document = documented(describe('/thrown/users'), await startScopes(t))
  const { content, ...response } = methodNotAllowedResponse('3.1.0')
  t.strictSame(document.components, { responses: { MethodNotAllowed: response } })
  t.strictSame(document.paths['/thrown/users']?.get?.responses[405], REFERENCE)
  const { responses } = documentMethodNotAllowed({ swaggerObject: { ...describe('/thrown/users'), responses: {} } }, await startScopes(t))
  t.strictSame(Object.keys(Object(responses).MethodNotAllowed), ['description', 'headers'])
})

t.test('a path that the plugin does not cover is left alone', async t => {
  const app = build(t, { plugin: false })
  app.register(async api => { api.register(fastifyAllowedMethods) }, { prefix: '/api' })
  await app.ready()
  t.strictSame(titles(documented(describe('/users', '/api/users'), app)), { '/users': undefined, '/api/users': 'MethodNotAllowedProblem' })
})

t.test('a base path that was stripped counts where the routes have it', async t => {
  const app = build(t, { routes: ['GET /health', 'GET /both', 'GET /teams/:id'] })
  app.register(async scope => {
    scope.register(fastifyAllowedMethods, { schema: Slim })
    declare(scope, 'GET /', 'GET /both', 'GET /users/:id', 'GET /range/:from(^\\d+)-:to', 'GET /files/*', 'GET /pages/:page?', 'GET /teams/:id/members', 'GET /:slug(^[^/]+(?:x|y)$)/z')
  }, { prefix: '/api' })
  await app.ready()
  const root = Object.fromEntries(['/health', '/teams/{id}', '/elsewhere'].map(path => [path, 'MethodNotAllowedProblem']))
  const api = Object.fromEntries(['', '/users/{id}', 'users/{id}', '/range/{from}-{to}', '/files/{*}', '/pages/{page}?', '/teams/{id}/members', '/{slug}/z'].map(path => [path, 'Slim']))
  const paths = describe(...Object.keys({ ...root, ...api }))
  for (const url of ['/api', 'HTTPS://localhost:3000/api/', 'https://{host}/{base}']) {
    const variables = { host: { default: 'localhost' }, base: { default: 'api' } }
    const document = { ...paths, servers: [{ url: 'https://localhost' }, { url: 'https://{undeclared}/' }, { url, variables }] }
    t.strictSame(titles(documented(document, app)), { ...root, ...api }, url)
  }
  const slashless = build(t)
  slashless.register(async scope => {
    scope.register(fastifyAllowedMethods, { schema: Slim })
    scope.get('/', { prefixTrailingSlash: 'no-slash' }, async () => 'scope')
  }, { prefix: '/api' })
  await slashless.ready()
  t.strictSame(titles(documented({ ...describe(''), servers: [{ url: '/api' }] }, slashless)), { '': 'Slim' })
  const whole = { ...describe('/both', '/api/users/{id}', '/elsewhere'), servers: [{ url: '/proxied' }, { url: '/api' }] }
  t.strictSame(titles(documented(whole, app)), { '/both': 'Slim', '/api/users/{id}': 'Slim', '/elsewhere': 'MethodNotAllowedProblem' })
  const swaggerObject = { ...describe('/users/{id}', '/health'), basePath: '/api', definitions: {} as Record<string, Members> }
  t.strictSame(Object.values(documentMethodNotAllowed({ swaggerObject }, app).definitions).map(({ title }) => title), ['Slim', 'MethodNotAllowedProblem'])
})

t.test('the response by itself has its schema in it', async t => {
  const { title } = MethodNotAllowedProblem
  const schemaOf = (version: string, schema?: TObject) => {
    const response = methodNotAllowedResponse(version, schema)
    return (response.schema ?? response.content?.['application/problem+json'].schema) as { title: string }
  }
  t.strictSame(['2.0', '3.0.3', '3.1.0'].map(version => schemaOf(version).title), [title, title, title])
  t.equal(schemaOf('3.1.0', Slim).title, 'Slim')
  const app = await start(t, { openapi: { openapi: '3.1.0', components: { responses: { Refused: methodNotAllowedResponse('3.1.0') } } } })
  t.strictSame(app.swagger(), { ...app.swagger(), components: { schemas: {}, responses: { Refused: methodNotAllowedResponse('3.1.0') } } })
})

t.test('it is itself what transformObject takes, or a part of it', async t => {
  const withTitle = <T extends object>(document: T) => ({ ...document, info: { ...info, title: 'Mine' } })
  const app: { current?: FastifyInstance } = {}
  const transforms: FastifyDynamicSwaggerOptions[] = [
    { transformObject: documentMethodNotAllowed },
    { transformObject: document => documentMethodNotAllowed(document, app.current) },
    { transformObject: document => withTitle(documentMethodNotAllowed(document, app.current)) },
    { transformObject: document => documentMethodNotAllowed({ openapiObject: withTitle((document as { openapiObject: object }).openapiObject) }, app.current) }
  ]
  const found = []
  for (const options of transforms) {
    const service = app.current = await start(t, { openapi: { openapi: '3.1.0', info }, ...options })
    const document = service.swagger() as object as Document
    t.strictSame(document.paths['/users']?.get?.responses[405], REFERENCE)
    found.push((document.info as typeof info).title)
  }
  t.strictSame(found, ['Users', 'Users', 'Mine', 'Mine'])
  const service = await start(t, { swagger: { info }, transformObject: documentMethodNotAllowed })
  t.strictSame((service.swagger() as object as Document).paths['/users']?.get?.responses[405], { $ref: '#/responses/MethodNotAllowed' })
})

t.test('an app with another server or type provider is taken', async t => {
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  await app.register(fastifyAllowedMethods)
  t.strictSame(documentMethodNotAllowed({ openapiObject: describe() }, app), describe())
})

t.test('the rest of the document, its names and the routes are as without it', async t => {
  const routes = (app: FastifyInstance) => {
    app.addSchema(Type.Object({ name: Type.String() }, { $id: 'User' }))
    app.addSchema(Type.Object({ users: Type.Array(Type.Object({}, { $ref: 'User#' })) }, { $id: 'Users' }))
    app.get('/users', { schema: { response: { 200: { $ref: 'Users#' }, 405: { $ref: 'User#' } } } }, async () => ({ users: [] }))
    app.post('/users', { schema: { body: { $ref: 'User#' } } }, async () => 'created')
    app.get('/hidden', { schema: { hide: true } }, async () => 'hidden')
  }
  const [app, plain] = [await start(t, { openapi: { info }, transformObject: documentMethodNotAllowed }, routes), await start(t, { openapi: { info } }, routes)]
  const document = structuredClone(app.swagger()) as object as Document
  delete document.paths['/users']?.post?.responses[405]
  t.strictSame(Object.keys(document.components.schemas as object), ['def-0', 'def-1', 'MethodNotAllowedProblem'])
  delete document.components.schemas?.MethodNotAllowedProblem
  t.strictSame(Object.keys(document.components.responses as object), ['MethodNotAllowed'])
  delete document.components.responses
  t.strictSame(document, plain.swagger())
  t.equal(app.printRoutes(), plain.printRoutes())
})

t.test('YAML spells each reference out, without anchors', async t => {
  const transformObject = (transformed: TransformedDocument): DocumentOf<TransformedDocument> => documentMethodNotAllowed(transformed, app)
  const version: string = documentMethodNotAllowed(JSON.parse('{ "openapiObject": { "openapi": "3.1.0" } }')).openapi // any, as what it was given
  t.equal(version, '3.1.0')
  const app = await start(t, { openapi: { info }, transformObject }, app => {
    declare(app, 'GET /users', 'POST /users')
    app.register(async api => {
      api.register(fastifyAllowedMethods, { schema: Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.Optional(Type.String()) })]) })
      declare(api, 'GET /users')
    }, { prefix: '/api' })
  })
  const yaml = app.swagger({ yaml: true })
  t.equal(yaml.split(`$ref: "${REFERENCE.$ref}"`).length, 3)
  t.notMatch(yaml, /[&*]a\d/)
})

t.test('an argument that is something else is a clear error', async t => {
  const refused = (transformed: unknown, app?: unknown) => {
    try {
      documentMethodNotAllowed(transformed as never, app as never)
    } catch (error) {
      const { code, message } = error as Error & { code: string }
      t.equal(code, 'FST_ALLOWED_METHODS_INVALID_ARGUMENT')
      return message.replace(/^documentMethodNotAllowed takes /, '')
    }
  }
  for (const [version, schema, message] of [
    [undefined, undefined, "a version such as '3.1.0', got undefined"],
    [3.1, undefined, "a version such as '3.1.0', got 3.1"],
    ['4.0.0', undefined, "a version such as '3.1.0', got '4.0.0'"],
    ['3.1.0', 'x', "a schema of @sinclair/typebox, got 'x'"],
    ['3.1.0', null, 'a schema of @sinclair/typebox, got null']
  ]) {
    t.throws(() => methodNotAllowedResponse(version as never, schema as never), {
      code: 'FST_ALLOWED_METHODS_INVALID_ARGUMENT', message: `methodNotAllowedResponse takes ${message}`
    })
  }
  t.equal(refused({ openapiObject: 'x' }), "{ openapiObject } or { swaggerObject }, got { openapiObject: 'x' }")
  t.equal(refused(undefined), '{ openapiObject } or { swaggerObject }, got undefined')
  t.equal(refused({ swaggerObject: null }), '{ openapiObject } or { swaggerObject }, got { swaggerObject: null }')
  t.equal(refused(describe()), "{ openapiObject } or { swaggerObject }, got { openapi: '3.1.0', info: [Object], paths: {} }")
  t.equal(refused({ openapiObject: describe() }, null), 'an app that has registered fastify-allowed-methods, got null')
  t.equal(refused({ openapiObject: describe() }, { an: 'app' }), "an app that has registered fastify-allowed-methods, got { an: 'app' }")
  t.match(refused({ openapiObject: describe() }, build(t, { plugin: false })), /^an app that has registered fastify-allowed-methods, got .*…$/)
})
