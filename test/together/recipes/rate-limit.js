import rateLimit from '@fastify/rate-limit'

/** Limits 404s and 405s too, in one count with routes that have no limit of their own. */
export default async function limited (app, { max = 100 }) {
  await app.register(rateLimit, { max })
  const limitMisses = app.rateLimit()
  app.addHook('onRequest', async function (request, reply) {
    if (request.is404) return limitMisses.call(this, request, reply)
  })
}

limited[Symbol.for('skip-override')] = true
