import allowedMethods from 'fastify-allowed-methods'

const isAdmin = ({ headers }) => process.env.ADMIN_TOKEN !== undefined && headers.authorization === `Bearer ${process.env.ADMIN_TOKEN}`

/**
 * An admin area that others do not see, unless they send malformed bodies: an unknown URL is a 404 only after its body has been read, a
 * hidden one before.
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
