import t from 'tap'
import { routedMethods } from '../plugin/routed.js'
import { ask, build, routerOptions } from './helpers.js'

const users = ['DELETE /users/:id', 'GET /users/:id']

t.test('finds what the router finds, sorted', async t => {
  const app = build(t, { plugin: false, routes: users })
  await app.ready()
  t.strictSame(routedMethods(app, '/users/1?a#b', undefined, false), ['DELETE', 'GET', 'HEAD'])
  t.strictSame(routedMethods(app, '/users', undefined, false), [])
  t.strictSame(routedMethods(app, '', undefined, false), [])
})

t.test('a parameter that is too long, a malformed URL and an odd target are not routed', async t => {
  const app = build(t, { plugin: false, routes: [...users, 'POST *'] })
  await app.ready()
  for (const url of [`/users/${'x'.repeat(101)}`, '/users/%', '/users/%c3%28', '*', '%zz', 'ftp://a.example/users/1']) {
    t.strictSame(routedMethods(app, url, undefined, false), [], url)
  }
})

t.test("an app's querystringParser that gives nothing hides no route, and sees no query of a client", async t => {
  const parsed: string[] = []
  const querystringParser = (query: string) => { parsed.push(query) }
  const app = build(t, { routes: users, fastify: routerOptions({ querystringParser }) })
  t.equal(await ask(app, 'PUT', '/users/1?a=1'), 'DELETE, GET, HEAD')
  t.equal(await ask(app, 'PUT', `/users/${'x'.repeat(101)}`), 404)
  t.strictSame([...new Set(parsed)], [''])
})

t.test('asks the router once for each method, also where a parameter is too long, once a route of the app was seen', async t => {
  const app = build(t, { plugin: false, routes: ['GET /', ...users] })
  await app.ready()
  t.strictSame(routedMethods(app, '/', undefined, false), ['GET', 'HEAD'])
  let asked = 0
  const counting: typeof app = Object.create(app, {
    findRoute: {
      value (search: never) {
        asked++
        return app.findRoute(search)
      }
    }
  })
  t.strictSame(routedMethods(counting, `/users/${'x'.repeat(101)}`, undefined, false), [])
  t.equal(asked, app.supportedMethods.length)
})

t.test('the semicolon of an app that does not ask for useSemicolonDelimiter is a part of the path', async t => {
  for (const useSemicolonDelimiter of [true, false]) {
    const app = build(t, { routes: ['GET /*', 'PUT /a;b'], fastify: routerOptions({ useSemicolonDelimiter }) })
    t.equal(await ask(app, 'POST', '/x;y'), 404)
    t.equal(await ask(app, 'POST', '/a;b'), useSemicolonDelimiter ? 404 : 'GET, HEAD, PUT')
  }
})
