import allowedMethods from 'fastify-allowed-methods'

/** A page for what is not found: the plugin leaves the app's not-found handlers alone. */
export default async function notFoundPage (app) {
  app.register(allowedMethods)
  app.setNotFoundHandler(async (request, reply) => reply.code(404).type('text/html').send('<h1>There is no such page</h1>'))
}

notFoundPage[Symbol.for('skip-override')] = true // like fastify-plugin: for the whole app
