import { Router } from '@koa/router'
import Koa from 'koa'

export function serve (routes) {
  const app = new Koa()
  const router = new Router()
  for (const { method, url } of routes) {
    router[method.toLowerCase()](url, context => { context.body = { id: context.params.id } })
  }
  return app.use(router.routes()).use(router.allowedMethods()).listen(0, '127.0.0.1')
}
