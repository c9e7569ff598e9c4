import restify from 'restify'

export function serve (routes) {
  const app = restify.createServer()
  for (const { method, url } of routes) {
    app[method.toLowerCase().replace('delete', 'del')](url, (request, response, next) => {
      response.send({ id: request.params.id })
      next()
    })
  }
  app.listen(0, '127.0.0.1')
  return app.server
}
