import express from 'express'

export function serve (routes) {
  const app = express()
  for (const { method, url } of routes) {
    app[method.toLowerCase()](url, (request, response) => { response.json({ id: request.params.id }) })
  }
  return app.listen(0, '127.0.0.1')
}
