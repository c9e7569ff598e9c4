import { STATUS_CODES } from 'node:http'
import allowedMethods from 'fastify-allowed-methods'

/** All errors of an app in one place, as application/problem+json. */
export default async function problems (app) {
  app.register(allowedMethods, { throw: true, notFound: true })
  app.setErrorHandler(async (error, request, reply) => {
    const { statusCode: status = 500, message, allow } = error
    reply.code(status).header('content-type', 'application/problem+json').serializer(JSON.stringify) // without it, Fastify adds a charset
    return { type: 'about:blank', title: STATUS_CODES[status], status, ...(status < 500 && { detail: message }), ...(allow && { allow }) }
  })
}

problems[Symbol.for('skip-override')] = true
