import Hapi from '@hapi/hapi'

export async function serve (routes) {
  const app = Hapi.server({ port: 0, host: '127.0.0.1' })
  for (const { method, url } of routes) {
    app.route({ method, path: url.replace(':id', '{id}'), handler: request => ({ id: request.params.id }) })
  }
  await app.start()
  return app.listener
}
