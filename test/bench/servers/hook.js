import Fastify from 'fastify'
import { bodyOf } from './bare.js'

const METHODS = ['DELETE', 'GET', 'HEAD', 'POST', 'PUT']

/**
 * A Fastify app with the hook that the plugin has, and as little in it as can be: no plugin with such a hook, and a TypeBox schema, takes less.
 *
 * @param does `'nothing'`; `'write'`: answers what is not found with the bytes that the plugin answers to `refused`;
 *   `'search'`: does so once it has asked the router for each method in use
 * @param typebox whether to load the TypeBox modules that the plugin needs
 */
export async function serve (routes, { does, typebox = true }) {
  if (typebox) await Promise.all([import('@sinclair/typebox'), import('@sinclair/typebox/compiler')])
  const app = Fastify()
  app.addHook('preParsing', { nothing, write, search }[does])
  for (const { method, url } of routes) app.route({ method, url, handler: async request => ({ id: request.params.id }) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

function nothing (request, reply, payload, done) {
  done()
}

function write (request, reply, payload, done) {
  if (request.is404) answer(request, reply)
  else done()
}

function search (request, reply, payload, done) {
  if (request.is404 && countRouted(request) > 0) answer(request, reply)
  else done()
}

function countRouted ({ server, raw }) {
  const asked = { method: '', url: raw.url, constraints: undefined }
  let count = 0
  for (asked.method of METHODS) if (server.findRoute(asked) !== null) count++
  return count
}

function answer (request, reply) {
  reply.code(405).header('allow', 'DELETE, GET, HEAD, PUT').header('content-type', 'application/problem+json')
    .serializer(body => body).send(bodyOf(request.url))
}
