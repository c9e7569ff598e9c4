const READS = ['GET', 'HEAD', 'OPTIONS']

/** While the service is read-only, what writes is answered 405. */
export default async function readOnly (app, { isReadOnly }) {
  app.addHook('onRequest', async (request, reply) => {
    if (isReadOnly() && !request.is404 && !READS.includes(request.method)) {
      const methods = await app.allowedMethods(request)
      if (methods.length === 0) return reply.callNotFound() // only a root catch-all takes it, or it is hidden
      return reply.sendMethodNotAllowed(methods.filter(method => READS.includes(method)))
    }
  })
}

readOnly[Symbol.for('skip-override')] = true
