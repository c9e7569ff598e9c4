import cors from '@fastify/cors'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance, type HTTPMethods, type InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { type AppOptions, ask, build, declare, routerOptions } from './helpers.js'

const BODY = {
  type: 'https://httpwg.org/specs/rfc9110.html#status.405',
  title: 'Method Not Allowed',
  status: 405,
  detail: 'This URL supports DELETE, GET and HEAD.',
  instance: '/users/42',
  allow: ['DELETE', 'GET', 'HEAD']
}

/** Router options under which many spellings are one URL. */
const LOOSE: object = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, useSemicolonDelimiter: true }

/** The answer to one request by an app with the plugin and by the same app without it. */
async function compare (t: Test, options: AppOptions, request: InjectOptions, prepare: (app: FastifyInstance) => unknown = () => undefined) {
  const answers = []
  for (const plugin of [options.plugin, false] as const) {
    const app = build(t, { ...options, plugin })
    await prepare(app)
    const { statusCode, headers: { date, ...headers }, payload } = await app.inject(request)
    answers.push({ statusCode, headers, payload })
  }
  return answers
}

async function same (t: Test, ...[options, request, prepare]: [AppOptions, InjectOptions, ((app: FastifyInstance) => unknown)?]) {
  const [given, expected] = await compare(t, options, request, prepare)
  t.strictSame(given, expected)
  return given?.statusCode
}

t.test('when it answers', async t => {
  t.test('a routed request is untouched: status, headers, body and hooks', async t => {
    const hooks: string[] = []
    const prepare = (app: FastifyInstance) => {
      for (const name of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
        app.addHook(name, async (_request: unknown, reply: { header (name: string, value: string): unknown }) => {
          hooks.push(name)
          reply.header(`x-${name}`, '1')
        })
      }
    }
    t.equal(await same(t, { routes: ['GET /users', 'POST /users'] }, { method: 'POST', url: '/users', payload: { a: 1 } }, prepare), 200)
    t.strictSame(hooks.slice(0, 4), hooks.slice(4))
  })

  t.test('a known URL, its method not routed: 405', async t => {
    const app = build(t, { routes: ['GET /users/:id', 'DELETE /users/:id'] })
    const reply = await app.inject({ method: 'PUT', url: '/users/42' })
    t.equal(reply.statusCode, 405)
    t.equal(reply.headers.allow, 'DELETE, GET, HEAD')
    t.equal(reply.headers['content-type'], 'application/problem+json')
    t.strictSame(reply.json(), BODY)
  })

  t.test("an unknown URL: the app's own 404, byte for byte", async t => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND'] as HTTPMethods[]) {
      const request = { method, url: '/nope?a=1', headers: { 'content-type': 'application/json' }, payload: '{}' }
      t.equal(await same(t, { routes: ['GET /users'] }, request), 404, `${method}, Fastify's default`)
      t.equal(await same(t, { routes: ['GET /users'] }, request, app => app.setNotFoundHandler(async (_, reply) => reply.code(404).send('mine'))), 404, method)
    }
  })

  t.test("the app's own not-found handler stays, at the root and in a prefix, before and after the plugin, beside a 405", async t => {
    const mine = async (request: { url: string }, reply: { code (code: number): { send (body: string): unknown } }) => reply.code(404).send(`no ${request.url}`)
    for (const where of ['root', 'prefix'] as const) {
      for (const when of ['before', 'after', 'after, awaited'] as const) {
        const app = Fastify()
        t.teardown(() => app.close())
        const set = (): void => {
          if (where === 'root') app.setNotFoundHandler(mine)
          app.register(async scope => {
            if (where === 'prefix') scope.setNotFoundHandler(mine)
            declare(scope, 'GET /users')
          }, { prefix: '/api' })
        }
        if (when === 'before') set()
        app.register(fastifyAllowedMethods)
        if (when === 'after, awaited') await app.after()
        if (when !== 'before') set()
        const reply = await app.inject('/api/nope')
        t.equal(reply.statusCode, 404)
        t.equal(reply.payload, 'no /api/nope', `${where}, ${when}`)
        t.equal(await ask(app, 'PUT', '/api/users'), 'GET, HEAD', `${where}, ${when}`)
      }
    }
  })

  t.test("a matched handler that calls reply.callNotFound(): the app's own 404, never a 405", async t => {
    const prepare = (app: FastifyInstance) => app.get('/gone', (_request, reply) => reply.callNotFound())
    t.equal(await same(t, { routes: ['POST /gone'] }, { method: 'GET', url: '/gone' }, prepare), 404)
    t.equal(await same(t, {}, { method: 'GET', url: '/public/no.txt' }, app => {
      app.register(fastifyStatic, { root: import.meta.dirname, prefix: '/public/' })
      app.post('/public/no.txt', async () => 'posted')
    }), 404, 'a static file that is not there')
  })

  t.test("constraints that leave no route for any method: the app's own 404", async t => {
    const prepare = (app: FastifyInstance) => {
      app.get('/v', { constraints: { version: '1.0.0' } }, async () => 'v1')
      app.get('/h', { constraints: { host: 'a.example' } }, async () => 'a')
    }
    for (const [url, headers] of [['/v', {}], ['/v', { 'accept-version': '2.x' }], ['/h', { host: 'b.example' }]] as const) {
      t.equal(await same(t, {}, { method: 'PUT', url, headers }, prepare), 404)
      t.equal(await same(t, {}, { method: 'GET', url, headers }, prepare), 404)
    }
    const app = build(t)
    prepare(app)
    t.equal(await ask(app, 'PUT', '/v', { 'accept-version': '1.x' }), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/h', { host: 'a.example' }), 'GET, HEAD')
  })

  t.test('a malformed URL and a parameter that is too long: as Fastify answers', async t => {
    const routes = ['GET /users/:id', 'PUT /files/*']
    for (const method of ['GET', 'PUT', 'TRACE'] as HTTPMethods[]) {
      await same(t, { routes }, { method, url: '/users/%zz' })
    }
    await same(t, { routes }, { method: 'GET', url: `/users/${'x'.repeat(101)}` })
    t.equal(await same(t, { routes }, { method: 'PUT', url: `/users/${'x'.repeat(101)}` }), 404, 'no method is routed there')
    const app = build(t, { routes: [...routes, 'POST /users/*'] })
    t.equal(await ask(app, 'PUT', `/users/${'x'.repeat(101)}`), 'POST', 'GET finds only the pseudo-route')
  })

  t.test('methods that no route of the app takes', async t => {
    const app = build(t, { routes: ['GET /users', 'PATCH /users'] })
    for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'PROPPATCH', 'MKCOL', 'M-SEARCH', 'PURGE']) {
      t.equal(await ask(app, method, '/users'), 'GET, HEAD, PATCH', method)
    }
  })

  t.test('a body that is malformed, too large or of an unknown type, and QUERY without a content type', async t => {
    const app = build(t, { routes: ['GET /users'], fastify: { bodyLimit: 10 } })
    const json = { 'content-type': 'application/json' }
    for (const [method, headers, payload] of [
      ['POST', json, '{'],
      ['POST', json, `"${'x'.repeat(100)}"`],
      ['POST', { 'content-type': 'a/b' }, 'x'],
      ['POST', { 'content-type': 'nonsense' }, 'x'],
      ['QUERY', {}, 'x']
    ] as const) {
      t.equal((await app.inject({ method: method as HTTPMethods, url: '/users', headers, payload })).statusCode, 405)
    }
  })
})

t.test('exactness', async t => {
  t.test('lists the methods of every route that overlaps', async t => {
    const app = build(t, {
      routes: [
        'GET /users/:id', 'POST /users/me', 'PUT /users/:id(^\\d+$)', 'PATCH /users/:first-:last', 'DELETE /users/*',
        'GET /files/:name.:ext', 'GET /books/:id?', 'POST /books', 'GET /constructor', 'POST /:__proto__', 'PATCH /__proto__'
      ]
    })
    t.equal(await ask(app, 'OPTIONS', '/users/me'), 'DELETE, GET, HEAD, POST')
    t.equal(await ask(app, 'OPTIONS', '/users/42'), 'DELETE, GET, HEAD, PUT')
    t.equal(await ask(app, 'OPTIONS', '/users/ada-byron'), 'DELETE, GET, HEAD, PATCH')
    t.equal(await ask(app, 'OPTIONS', '/users/a/b'), 'DELETE')
    t.equal(await ask(app, 'POST', '/files/a.txt'), 'GET, HEAD')
    t.equal(await ask(app, 'POST', '/files/a'), 404)
    t.equal(await ask(app, 'PUT', '/books'), 'GET, HEAD, POST')
    t.equal(await ask(app, 'PUT', '/books/1'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/constructor'), 'GET, HEAD, POST')
    t.equal(await ask(app, 'PUT', '/__proto__'), 'PATCH, POST')
    t.equal(await ask(app, 'PUT', '/toString'), 'POST')
  })

  t.test('does not mistake a method for another that it is a part of', async t => {
    const app = build(t, { plugin: false })
    await app.register(fastifyAllowedMethods)
    app.addHttpMethod('PROPPATCH')
    app.addHttpMethod('PROPFIND', { hasBody: true })
    declare(app, 'PROPPATCH /a', 'PATCH /b', 'PROPFIND /b')
    t.equal(await ask(app, 'PATCH', '/a'), 'PROPPATCH')
    t.equal(await ask(app, 'PROPPATCH', '/b'), 'PATCH, PROPFIND')
  })

  t.test('ignores the query and the fragment', async t => {
    const app = build(t, { routes: ['GET /users'] })
    for (const url of ['/users?a=1', '/users?', '/users?a=/b?c', '/users?%zz']) t.equal(await ask(app, 'PUT', url), 'GET, HEAD', url)
  })

  t.test('knows both URLs of a / route in a prefix, and only one where the app wants one', async t => {
    const app = build(t)
    app.register(async api => {
      api.get('/', async () => 'api')
      api.post('/only', { prefixTrailingSlash: 'no-slash' }, async () => 'only')
    }, { prefix: '/api' })
    app.register(async api => { api.get('/', { prefixTrailingSlash: 'slash' }, async () => 'slash') }, { prefix: '/slash' })
    app.register(async api => { declare(api, 'GET /x') }, { prefix: '/trailing/' })
    t.equal(await ask(app, 'PUT', '/api'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/api/'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/slash'), 404)
    t.equal(await ask(app, 'PUT', '/slash/'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/trailing/x'), 'GET, HEAD')
  })

  t.test('lists HEAD exactly where HEAD works', async t => {
    const hidden = build(t, { routes: ['GET /a'], fastify: { exposeHeadRoutes: false } })
    t.equal(await ask(hidden, 'PUT', '/a'), 'GET')
    t.equal(await ask(hidden, 'HEAD', '/a'), 'GET')
    const shown = build(t, { routes: ['HEAD /b'] })
    shown.get('/c', { exposeHeadRoute: false }, async () => 'c')
    t.equal(await ask(shown, 'GET', '/b'), 'HEAD')
    t.equal(await ask(shown, 'HEAD', '/c'), 'GET')
  })

  t.test('follows caseSensitive, ignoreTrailingSlash, ignoreDuplicateSlashes and useSemicolonDelimiter', async t => {
    const strict = build(t, { routes: ['GET /users'] })
    const loose = build(t, { routes: ['GET /users'], fastify: routerOptions(LOOSE) })
    for (const url of ['/USERS', '/users/', '//users', '/users;a=1']) {
      t.equal(await ask(strict, 'PUT', url), 404, url)
      t.equal(await ask(loose, 'PUT', url), 'GET, HEAD', url)
    }
  })

  t.test('decides by the URL that rewriteUrl gives, and names the one that was asked for', async t => {
    const app = build(t, { routes: ['GET /users'], fastify: { rewriteUrl: request => request.url?.replace('/old', '') as string } })
    const reply = await app.inject({ method: 'PUT', url: '/old/users?a=1' })
    t.equal(reply.headers.allow, 'GET, HEAD')
    t.equal(reply.json().instance, '/old/users')
  })

  t.test('and by what the router makes of it, if it starts with a question mark', async t => {
    const fastify = { rewriteUrl: ({ url }: { url?: string }) => String(url).replace('/api', '') }
    t.equal(await ask(build(t, { routes: ['GET /:id'], fastify }), 'PUT', '/api?next=/home'), 404)
    t.equal(await ask(build(t, { routes: ['GET /:a/:b'], fastify }), 'PUT', '/api?next=/home'), 'GET, HEAD')
  })

  t.test('follows method arrays and routes of all methods', async t => {
    const app = build(t)
    app.route({ method: ['PUT', 'GET'], url: '/a', handler: async () => 'a' })
    app.all('/b', async () => 'b')
    t.equal(await ask(app, 'POST', '/a'), 'GET, HEAD, PUT')
    t.equal(await ask(app, 'MKCOL', '/b'), [...app.supportedMethods].sort().join(', '))
  })

  t.test('follows version and host constraints, in each combination', async t => {
    const app = build(t, { routes: ['DELETE /a'] })
    app.get('/a', { constraints: { version: '1.2.0' } }, async () => '1.2.0')
    app.post('/a', { constraints: { version: '2.0.0', host: 'a.example' } }, async () => '2.0.0')
    app.put('/a', { constraints: { host: /^b\./ } }, async () => 'b')
    t.equal(await ask(app, 'TRACE', '/a'), 'DELETE')
    t.equal(await ask(app, 'TRACE', '/a', { host: 'b.example' }), 'DELETE, PUT')
    t.equal(await ask(app, 'TRACE', '/a', { 'accept-version': '1.x' }), 'GET, HEAD')
    t.equal(await ask(app, 'TRACE', '/a', { 'accept-version': '2.0.0', host: 'a.example' }), 'POST')
    t.equal(await ask(app, 'TRACE', '/a', { 'accept-version': '3.x' }), 404)
  })
})

t.test('order does not matter', async t => {
  t.test('routes before the plugin, after it and in children all count, awaited or not', async t => {
    for (const awaited of [false, true]) {
      const app = build(t, { plugin: false, routes: ['GET /a'] })
      const child = app.register(async child => declare(child, 'POST /a'))
      if (awaited) await child
      const plugin = app.register(fastifyAllowedMethods)
      if (awaited) await plugin
      declare(app, 'PATCH /a')
      app.register(async child => { child.register(async grandchild => declare(grandchild, 'DELETE /')) }, { prefix: '/a' })
      t.equal(await ask(app, 'PUT', '/a'), 'DELETE, GET, HEAD, PATCH, POST', awaited ? 'awaited' : 'not awaited')
    }
  })

  t.test('beside @fastify/cors, before it and after it, whose OPTIONS * makes no URL known', async t => {
    for (const first of ['cors', 'plugin'] as const) {
      const app = build(t, { plugin: false })
      if (first === 'cors') app.register(cors, { origin: 'https://a.example' })
      app.register(fastifyAllowedMethods)
      if (first === 'plugin') app.register(cors, { origin: 'https://a.example' })
      declare(app, 'GET /users')
      const origin = { origin: 'https://a.example' }
      const reply = await app.inject({ method: 'PUT', url: '/users', headers: origin })
      t.equal(reply.statusCode, 405)
      t.equal(reply.headers.allow, 'GET, HEAD, OPTIONS')
      t.equal(reply.headers['access-control-allow-origin'], 'https://a.example', 'a page of another origin may read it')
      t.equal(await ask(app, 'GET', '/nope', origin), 404)
      const preflight = await app.inject({ method: 'OPTIONS', url: '/users', headers: { ...origin, 'access-control-request-method': 'PUT' } })
      t.equal(preflight.statusCode, 204, 'a preflight is untouched')
    }
  })

  t.test('beside @fastify/cors in a prefix, whose OPTIONS /api* makes no URL known', async t => {
    const app = build(t)
    app.register(async api => {
      await api.register(cors)
      declare(api, 'GET /users')
    }, { prefix: '/api' })
    t.equal(await ask(app, 'PUT', '/api/nope'), 404)
    t.equal(await ask(app, 'PUT', '/api/users'), 'GET, HEAD, OPTIONS')
  })
})

t.test('its place in the lifecycle', async t => {
  t.test('runs after onRequest hooks, which may answer first, and before the others', async t => {
    const app = build(t, { routes: ['GET /users'] })
    const hooks: string[] = []
    app.addHook('onRequest', async (request, reply) => {
      hooks.push('onRequest')
      if (request.headers.authorization === undefined) return reply.code(401).send('who?')
    })
    app.addHook('preValidation', async () => { hooks.push('preValidation') })
    app.addHook('preHandler', async () => { hooks.push('preHandler') })
    app.addHook('onSend', async () => { hooks.push('onSend') })
    app.addHook('onResponse', async () => { hooks.push('onResponse') })
    t.equal(await ask(app, 'PUT', '/users'), 401)
    hooks.length = 0
    t.equal(await ask(app, 'PUT', '/users', { authorization: 'me' }), 'GET, HEAD')
    t.strictSame(hooks, ['onRequest', 'onSend', 'onResponse'], 'each once')
  })

  t.test('is answered once, and its body kept, with an async onSend hook', async t => {
    const app = build(t, { routes: ['GET /users'] })
    let runs = 0
    app.addHook('onSend', async (_request, reply, payload) => {
      await new Promise(resolve => setTimeout(resolve, 10))
      reply.header('x-sent', String(++runs))
      return payload
    })
    const reply = await app.inject({ method: 'PUT', url: '/users', payload: { a: 1 } })
    t.equal(reply.statusCode, 405)
    t.equal(reply.headers['x-sent'], '1')
    t.equal(reply.json().status, 405)
    t.equal(runs, 1)
  })

  t.test('logs one line at level info', async t => {
    const lines: { level: number, msg: string }[] = []
    const stream = { write: (line: string) => { lines.push(JSON.parse(line)) } }
    const app = build(t, { routes: ['GET /users'], fastify: { logger: { stream } } })
    await app.inject({ method: 'PUT', url: '/users?a=1' })
    t.strictSame(lines.map(({ level, msg }) => [level, msg]), [
      [30, 'incoming request'], [30, 'Route PUT:/users?a=1 not allowed'], [30, 'request completed']
    ])
  })

  t.test('leaves hasRoute, printRoutes and the routes that onRoute reports alone', async t => {
    const tables = []
    for (const plugin of [{}, false] as const) {
      const app = build(t, { plugin })
      const reported: string[] = []
      app.addHook('onRoute', route => { reported.push(`${route.method} ${route.url}`) })
      await app.after()
      declare(app, 'GET /users', 'POST /users/:id')
      await app.ready()
      tables.push({ reported, printed: app.printRoutes(), put: app.hasRoute({ method: 'PUT', url: '/users' }), all: app.hasRoute({ method: 'OPTIONS', url: '/*' }) })
    }
    t.strictSame(tables[0], tables[1])
  })
})

t.test('another plugin may depend on it by its name', async t => {
  const app = build(t)
  app.register(Object.assign(async () => {}, { [Symbol.for('plugin-meta')]: { dependencies: ['fastify-allowed-methods'] } }))
  await app.ready()
  t.ok(app.hasPlugin('fastify-allowed-methods'))
})

t.test('Allow is upper case, sorted, each method once, without the method of the request', async t => {
  const app = build(t)
  app.route({ method: ['PUT', 'get', 'DELETE'] as HTTPMethods[], url: '/:a', handler: async () => 'a' })
  declare(app, 'GET /b', 'PUT /b')
  t.equal(await ask(app, 'POST', '/b'), 'DELETE, GET, HEAD, PUT')
})

t.test('the body does not depend on the method', async t => {
  const app = build(t, { routes: ['DELETE /users/:id'] })
  const [get, head] = await Promise.all((['GET', 'HEAD'] as const).map(method => app.inject({ method, url: '/users/1' })))
  t.equal(get?.headers['content-length'], String(get?.rawPayload.length))
  t.equal(head?.headers['content-length'], get?.headers['content-length'])
  t.equal(head?.payload, '')
})

t.test('a root catch-all makes no URL known', async t => {
  t.test('neither * nor /*, in whichever method; it is listed where the URL is known', async t => {
    for (const pattern of ['*', '/*']) {
      const app = build(t, { routes: [`GET ${pattern}`, 'POST /api', 'PUT /a/*', 'PATCH /b*'] })
      t.equal(await ask(app, 'PUT', '/nope'), 404, pattern)
      t.equal(await ask(app, 'PUT', '/'), 404, pattern)
      t.equal(await ask(app, 'PUT', '/no%2Fpe/%25/%E2%82%AC//x?y'), 404, pattern)
      t.equal(await ask(app, 'PUT', '/api'), 'GET, HEAD, POST', pattern)
      t.equal(await ask(app, 'POST', '/a/a'), 'GET, HEAD, PUT', pattern)
      t.equal(await ask(app, 'POST', '/bb'), 'GET, HEAD, PATCH', pattern)
    }
  })

  t.test('also where the router drops slashes and semicolons', async t => {
    for (const pattern of ['*', '/*']) {
      const app = build(t, {
        routes: [`GET ${pattern}`], fastify: routerOptions(LOOSE)
      })
      for (const url of ['/Nope//x/', '/a;b', '//', '/a;b?c', '/a%3Bb']) t.equal(await ask(app, 'PUT', url), 404, `${pattern} ${url}`)
    }
  })

  t.test('also where a path has no first slash, which the router takes its first character for', async t => {
    for (const pattern of ['*', '/*']) {
      const app = build(t, { routes: [`GET ${pattern}`, 'PUT /known'], fastify: { rewriteUrl: ({ url }) => String(url).slice(1) } })
      for (const url of ['/a/b', '/%25a', '/%2Fa', '/%61/b', '/%C3%A9', '/%E9b%3F']) t.equal(await ask(app, 'PUT', url), 404, `${pattern} ${url}`)
      t.equal(await ask(app, 'POST', '/_known'), 'GET, HEAD, PUT')
      for (const url of ['/?a=b', '/#a', '/?//']) t.equal(await ask(app, 'PUT', url), 404, `${pattern} ${url}`)
    }
  })

  t.test('also for an absolute form, whatever the router makes of a scheme in upper case, or of an origin without a path', async t => {
    for (const pattern of ['*', '/*']) {
      const app = build(t, { routes: [`GET ${pattern}`, 'PUT /known'], fastify: { rewriteUrl: ({ url }) => String(url).slice(1) } })
      for (const url of ['HTTP://a.example/a', 'http://a.example', 'http://a.example?a=b', 'https://a.example/a?b']) {
        t.equal(await ask(app, 'PUT', `/${url}`), 404, `${pattern} ${url}`)
      }
      t.equal(await ask(app, 'POST', '/http://a.example/known'), 'GET, HEAD, PUT')
    }
  })

  t.test('a catch-all in a prefix, and one of several parameters, does', async t => {
    const app = build(t, { routes: ['GET /:a/*'] })
    app.register(async api => declare(api, 'GET /*'), { prefix: '/api' })
    t.equal(await ask(app, 'PUT', '/api/x'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '/x/y'), 'GET, HEAD')
    t.equal(await ask(app, 'PUT', '//y'), 'GET, HEAD', 'also where a parameter is empty')
    t.equal(await ask(build(t, { routes: ['GET //*'] }), 'PUT', '//y'), 'GET, HEAD')
  })

  t.test('catchAll: true lets it, but never one for OPTIONS alone', async t => {
    const app = build(t, { routes: ['GET /*'], plugin: { catchAll: true } })
    t.equal(await ask(app, 'PUT', '/nope'), 'GET, HEAD')
    const options = build(t, { routes: ['OPTIONS *', 'OPTIONS /a'], plugin: { catchAll: true } })
    t.equal(await ask(options, 'PUT', '/nope'), 404)
    t.equal(await ask(options, 'PUT', '/a'), 404)
  })
})
