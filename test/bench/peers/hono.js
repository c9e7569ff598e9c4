import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'

export function serve (routes) {
  const app = new Hono()
  app.use(methodNotAllowed({ app }))
  for (const { method, url } of routes) app.on(method, url, context => context.json({ id: context.req.param('id') }))
  return createAdaptorServer({ fetch: app.fetch }).listen(0, '127.0.0.1')
}
