import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Type, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { build, together } from './helpers.js'

const openapi = { openapi: { openapi: '3.1.0', info: { title: 'together', version: '1.0.0' } } }

/** Two routes with the same schemas, once in TypeBox and once in zod. */
function routes (app, { params, body, response }) {
  app.get('/users/:id', { schema: { params, response: { 200: response } } }, async request => ({ id: request.params.id, hidden: true }))
  app.post('/users', { schema: { body, response: { 201: response } } }, async (request, reply) => reply.code(201).send({ id: 1, ...request.body }))
}

const post = payload => ({ method: 'POST', url: '/users', payload })
const expected = {
  untouched: ['GET /users/1', 'GET /users/x', post({ name: 'ada' }), post({ name: 1 }), 'GET /nope', 'PUT /nope', 'GET /docs/json', 'GET /docs/static/index.css'],
  refused: [
    ['PUT /users/1', 'GET, HEAD'],
    ['PUT /users/x', 'GET, HEAD'],
    [{ ...post({ name: 1 }), method: 'PATCH' }, 'POST'],
    ['GET /users', 'POST'],
    ['PUT /docs/json', 'GET, HEAD'],
    ['DELETE /docs', 'GET, HEAD']
  ]
}

const typebox = async app => {
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  await app.register(swagger, openapi)
  await app.register(swaggerUi, { routePrefix: '/docs' })
  await app.register(async app => routes(app, {
    params: Type.Object({ id: Type.String({ pattern: '^[0-9]+$' }) }),
    body: Type.Object({ name: Type.String() }),
    response: Type.Object({ id: Type.Any(), name: Type.Optional(Type.String()) })
  }))
}

const zod = async app => {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(swagger, { ...openapi, transform: jsonSchemaTransform })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  await app.register(async app => routes(app, {
    params: z.object({ id: z.coerce.number() }),
    body: z.object({ name: z.string() }),
    response: z.object({ id: z.number(), name: z.string().optional() })
  }))
}

/** The schemas and routes decide the document, whether or not the plugin is there. */
const sameDocument = prepare => async (t, app) => {
  const oracle = await build(t, 'never', prepare)
  const document = app.swagger()
  t.strictSame(document, oracle.swagger())
  t.strictSame(Object.keys(document.paths).sort(), ['/users', '/users/{id}'])
  t.equal(app.swagger({ yaml: true }), oracle.swagger({ yaml: true }))
  t.equal(app.printRoutes(), oracle.printRoutes())
}

together('@fastify/type-provider-typebox with @fastify/swagger and swagger-ui: validation, replies and the document stay', typebox, expected, sameDocument(typebox))
together('fastify-type-provider-zod with @fastify/swagger and swagger-ui: validation, replies and the document stay', zod, expected, sameDocument(zod))
