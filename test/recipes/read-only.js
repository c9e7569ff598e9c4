/** While the service is read-only, what writes is answered 405. */
export default async function readOnly (app, { isReadOnly }) {
  app.addHook('onRequest', async (request, reply) => {
    if (isReadOnly() && !request.is404 && !['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
      const methods = await app.allowedMethods(request)
      return reply.sendMethodNotAllowed(methods.filter(method => ['GET', 'HEAD', 'OPTIONS'].includes(method)))
    }
  })
}

readOnly[Symbol.for('skip-override')] = true
