import fp from 'fastify-plugin'

/** Stands for the plugins that answer every error and every 404 of an app as problem+json, from the root. */
export default fp(async function problemDetails (app) {
  app.setErrorHandler(async function sendProblem (error, request, reply) {
    return send(reply, error.statusCode ?? 500, error.message, request)
  })
  app.setNotFoundHandler(async function sendNotFound (request, reply) {
    return send(reply, 404, 'No such resource', request)
  })
}, { fastify: '5.x', name: 'problem-details' })

function send (reply, status, title, request) {
  return reply.code(status).type('application/problem+json').send({ type: 'about:blank', title, status, instance: request.url })
}
