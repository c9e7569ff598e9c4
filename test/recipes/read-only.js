import allowedMethods from 'fastify-allowed-methods'

const READS = ['GET', 'HEAD', 'OPTIONS']

/** While the service is read-only, what writes is answered 405, or 404 where nothing can be read, and no `Allow` lists it. */
export default async function readOnly (app, { isReadOnly }) {
  app.register(allowedMethods, { allow: methods => isReadOnly() ? methods.filter(method => READS.includes(method)) : methods })
  app.addHook('onRequest', async (request, reply) => {
    if (isReadOnly() && !request.is404 && !READS.includes(request.method)) return reply.sendMethodNotAllowed()
  })
}

readOnly[Symbol.for('skip-override')] = true
