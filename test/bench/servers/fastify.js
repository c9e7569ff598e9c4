import Fastify from 'fastify'

/**
 * A Fastify app.
 *
 * @param plugin `'first'` or `'last'`: registers the plugin before or after the routes; `'least'`: loads the TypeBox modules that it needs,
 *   and sets a hook as it does, but one that does nothing; nothing: an app without it
 */
export async function build (routes, { plugin } = {}) {
  const app = Fastify()
  if (plugin === 'least') {
    await Promise.all([import('@sinclair/typebox'), import('@sinclair/typebox/compiler')])
    app.addHook('preParsing', (request, reply, payload, done) => done())
  }
  const allowedMethods = ['first', 'last'].includes(plugin) && (await import('fastify-allowed-methods')).default
  if (plugin === 'first') app.register(allowedMethods)
  for (const { method, url } of routes) app.route({ method, url, handler: async request => ({ id: request.params.id }) })
  if (plugin === 'last') app.register(allowedMethods)
  return app
}

export async function serve (routes, options) {
  const app = await build(routes, options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}
