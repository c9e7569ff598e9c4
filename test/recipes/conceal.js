import allowedMethods from 'fastify-allowed-methods'

const isAdmin = request => request.headers.authorization === `Bearer ${process.env.ADMIN_TOKEN}`
const isHidden = request => request.url.startsWith('/admin') && !isAdmin(request)

/**
 * An admin area that does not exist for others. (What is routed and hidden here is a 404 before its body is read, which for an unknown
 * URL comes after: a body that is malformed tells them apart.)
 */
export function buildApp (Fastify) {
  const app = Fastify()
  app.register(allowedMethods, { allow: (methods, request) => isHidden(request) ? [] : methods })
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404 && isHidden(request)) return reply.callNotFound() // what is routed is hidden by the app itself
  })
  app.get('/admin/users', async () => ['root'])
  app.get('/users', async () => [])
  return app
}
