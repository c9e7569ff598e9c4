import { METHODS } from 'node:http'
import t from 'tap'
import { methodsInUse, routedMethods } from '../plugin/routed.js'
import type { Installation } from '../plugin/scope.js'
import { ask, build, declare, installed, routerOptions } from './helpers.js'

const users = ['DELETE /users/:id', 'GET /users/:id']

t.test('finds what the router finds, sorted', async t => {
  const app = build(t, { routes: users })
  await app.ready()
  t.strictSame(routedMethods(installed(app), '/users/1?a#b', undefined, false), ['DELETE', 'GET', 'HEAD'])
  t.strictSame(routedMethods(installed(app), '/users', undefined, false), [])
  t.strictSame(routedMethods(installed(app), '', undefined, false), [])
})

t.test('a parameter that is too long, a malformed URL and an odd target are not routed', async t => {
  const app = build(t, { routes: [...users, 'POST *'] })
  await app.ready()
  for (const url of [`/users/${'x'.repeat(101)}`, '/users/%', '/users/%c3%28', '*', '%zz', 'ftp://a.example/users/1']) {
    t.strictSame(routedMethods(installed(app), url, undefined, false), [], url)
  }
})

t.test("an app's querystringParser that gives nothing hides no route, and sees no query of a client", async t => {
  const parsed: string[] = []
  const querystringParser = (query: string) => { parsed.push(query) }
  const app = build(t, { routes: users, fastify: routerOptions({ querystringParser }) })
  t.equal(await ask(app, 'PUT', '/users/1?a=1'), 'DELETE, GET, HEAD')
  t.equal(await ask(app, 'PUT', `/users/${'x'.repeat(101)}`), 404)
  t.strictSame(routedMethods(installed(app), '/users/1#a?b', undefined, false), ['DELETE', 'GET', 'HEAD'])
  t.strictSame([...new Set(parsed)], [''])
})

t.test('asks the router once for each method that some route takes, also where a parameter is too long, once a route of the app was seen', async t => {
  const app = build(t, { routes: ['GET /', ...users] })
  await app.ready()
  t.strictSame(routedMethods(installed(app), '/', undefined, false), ['GET', 'HEAD'])
  let asked = 0
  const counting: typeof app = Object.create(app, {
    findRoute: {
      value (search: never) {
        asked++
        return app.findRoute(search)
      }
    }
  })
  t.strictSame(routedMethods({ ...installed(app), root: counting }, `/users/${'x'.repeat(101)}`, undefined, false), [])
  t.equal(asked, 3)
})

t.test('the semicolon of an app that does not ask for useSemicolonDelimiter is a part of the path', async t => {
  for (const useSemicolonDelimiter of [true, false]) {
    const app = build(t, { routes: ['GET /*', 'PUT /a;b'], fastify: routerOptions({ useSemicolonDelimiter }) })
    t.equal(await ask(app, 'POST', '/x;y'), 404)
    t.equal(await ask(app, 'POST', '/a;b'), useSemicolonDelimiter ? 404 : 'GET, HEAD, PUT')
  }
})

t.test('methodsInUse: those that some route takes, whatever its constraints', async t => {
  const app = build(t, { routes: ['PUT /a', 'GET /a'], fastify: { exposeHeadRoutes: false } })
  app.route({ method: 'TRACE', url: '/b', constraints: { version: '1.0.0' }, handler: async () => 'b' })
  app.addHttpMethod('PROPFIND')
  await app.after()
  app.register(async api => { declare(api, 'PROPFIND /c') }, { prefix: '/api' })
  t.strictSame(methodsInUse(installed(app)), ['GET', 'PUT', 'TRACE'], 'while the app is loading, those declared so far')
  await app.ready()
  t.strictSame(methodsInUse(installed(app)), ['GET', 'PROPFIND', 'PUT', 'TRACE'])
  t.equal(methodsInUse(installed(app)), methodsInUse(installed(app)), 'settled once it is ready')
  const root = Object.create(app, { findRoute: { value: () => null } })
  t.strictSame(methodsInUse({ ...installed(app), methods: undefined, root }), [...app.supportedMethods].sort(), 'all, were the router to tell nothing of an app that has routes')
  const none = build(t)
  await none.ready()
  t.strictSame(methodsInUse(installed(none)), [])
})

t.test('an app that takes every method of Node.js: none is taken for another', async t => {
  const app = build(t)
  const methods = METHODS.filter(method => method !== 'CONNECT').sort()
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
    declare(app, `${method} /${method.toLowerCase()}`)
  }
  await app.ready()
  t.ok(methods.length > 32, `${methods.length} methods`)
  for (const method of methods) {
    t.strictSame(routedMethods(installed(app), `/${method.toLowerCase()}`, undefined, false), method === 'GET' ? ['GET', 'HEAD'] : method === 'OPTIONS' ? [] : [method])
  }
})

t.test('nothing grows with traffic: the tables are bounded', async t => {
  const app = build(t, { routes: ['GET /users/:id', 'PUT /users/:id', 'POST /users'] })
  await app.ready()
  const { recent, lists } = installed(app) as Required<Installation>
  const wrong: number[] = []
  const places = [recent.hashes, recent.findings].map(({ length }) => length)
  for (let i = 0; i < 6000; i++) {
    if (await ask(app, 'PATCH', `/users/${i >> 1}?${i >> 1}`) !== 'GET, HEAD, PUT') wrong.push(i)
  }
  t.strictSame(wrong, [])
  t.ok(recent.findings.filter(finding => finding !== undefined).length > 1000)
  t.strictSame([recent.hashes, recent.findings].map(({ length }) => length), places)
  t.equal(lists.size, 1)
})

t.test('URLs with the same methods share one list, as far as a table of lists goes', async t => {
  const methods = ['COPY', 'DELETE', 'GET', 'LOCK', 'MKCOL', 'MOVE', 'PATCH', 'POST', 'PROPFIND', 'PUT', 'SEARCH'] as const
  const app = build(t, { fastify: { exposeHeadRoutes: false } })
  await app.after()
  for (const method of ['COPY', 'LOCK', 'MKCOL', 'MOVE', 'PROPFIND', 'SEARCH']) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  const subset = (bits: number) => methods.filter((_, at) => bits >> at & 1)
  for (let bits = 1; bits <= 1100; bits++) app.route({ method: [...subset(bits)], url: `/${bits}/:id`, handler: async () => 'x' })
  await app.ready()
  const find = (bits: number, id: number) => routedMethods(installed(app), `/${bits}/${id}`, undefined, false)
  const wrong = Array.from({ length: 1100 }, (_, at) => at + 1).filter(bits => find(bits, 1).join() !== subset(bits).join())
  t.strictSame(wrong, [])
  t.equal(find(7, 1), find(7, 2))
  t.not(find(1100, 1), find(1100, 2))
  t.equal(installed(app).lists.size, 1000)
})
