import Fastify from 'fastify'
import allow from 'fastify-allow'

/** Registered before the routes and awaited, as its README asks. */
export async function serve (routes) {
  const app = Fastify()
  await app.register(allow.default)
  for (const { method, url } of routes) app.route({ method, url, handler: async request => ({ id: request.params.id }) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}
