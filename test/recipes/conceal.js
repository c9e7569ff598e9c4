import allowedMethods from 'fastify-allowed-methods'

const isAdmin = ({ headers }) => process.env.ADMIN_TOKEN !== undefined && headers.authorization === `Bearer ${process.env.ADMIN_TOKEN}`

/**
 * An admin area that does not exist for others. (What is routed and hidden here is a 404 before its body is read, which for an unknown
 * URL comes after: a body that is malformed tells them apart.)
 */
export function buildApp (Fastify) {
  const app = Fastify()
  app.register(allowedMethods)
  app.register(async admin => {
    admin.register(allowedMethods, { allow: (methods, request) => isAdmin(request) ? methods : [] })
    admin.addHook('onRequest', async (request, reply) => {
      if (!request.is404 && !isAdmin(request)) return reply.callNotFound() // what is routed is hidden by the app itself
    })
    admin.get('/users', async () => ['root'])
  }, { prefix: '/admin' })
  app.get('/users', async () => [])
  return app
}
