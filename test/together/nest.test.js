import 'reflect-metadata'
import { Catch, Controller, Delete, Get, Header, Module, NotFoundException, Param, Post, VERSION_NEUTRAL, Version, VersioningType } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import t from 'tap'
import { findWrongAnswers } from '../../dist/esm/plugin/testing.js'
import { checkRefusal, fastifyAllowedMethods, ORDERS } from './helpers.js'

/** Decorates a class and its methods, as TypeScript would: `{ method: [decorators] }`. */
function decorate (target, classDecorators, methods = {}, parameters = {}) {
  for (const [name, decorators] of Object.entries(methods)) {
    for (const decorator of decorators) decorator(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name))
  }
  for (const [name, decorator] of Object.entries(parameters)) decorator(target.prototype, name, 0)
  for (const decorator of classDecorators) decorator(target)
}

class Users {
  list () { return 'users' }
  create () { return 'created' }
  find (id) { return `user ${id}` }
  remove () { return 'removed' }
  change () { return 'changed' }
}
decorate(Users, [Controller('users')], {
  list: [Get(), Header('x-nest', '1')],
  create: [Post(), Version(['1', '2'])],
  find: [Get(':id'), Version(VERSION_NEUTRAL)],
  remove: [Delete(':id'), Version('1')],
  change: [Post(':id'), Version('2')]
}, { find: Param('id') })

class Plain {
  list () { return 'users' }
  create () { return 'created' }
  fails () { throw new NotFoundException('no such thing') }
}
decorate(Plain, [Controller('users')], { list: [Get()], create: [Post()], fails: [Get('fails')] })

class Everything {
  catch (error, host) {
    return host.switchToHttp().getResponse().code(error.getStatus?.() ?? 500).send({ filtered: error.message })
  }
}
decorate(Everything, [Catch()])

/** A Nest app, with the plugin first, last or never. */
async function nest (t, order, controller, { configure = () => {}, plugin = {}, options = {} } = {}) {
  class App {}
  Module({ controllers: [controller] })(App)
  const app = await NestFactory.create(App, new FastifyAdapter(options), { logger: false })
  t.teardown(() => app.close())
  if (order === 'first') await app.register(fastifyAllowedMethods, plugin)
  await configure(app)
  await app.init()
  if (order === 'last') await app.register(fastifyAllowedMethods, plugin)
  await app.getHttpAdapter().getInstance().ready()
  return app
}

/** As `together` does: what is untouched, what is refused; in both orders. */
function beside (title, controller, settings, { untouched, refused }, also = async () => {}) {
  t.test(title, async t => {
    for (const order of ORDERS) {
      t.test(`the plugin registered ${order}`, async t => {
        const app = await nest(t, order, controller, settings)
        const oracle = await nest(t, 'never', controller, settings)
        for (const [method, url, headers] of untouched) {
          const [given, expected] = await Promise.all([app, oracle].map(async app => {
            const { statusCode, headers: { date, ...rest }, payload } = await app.inject({ method, url, headers })
            return { statusCode, rest, payload }
          }))
          t.strictSame(given, expected, `${method} ${url}`)
        }
        for (const [method, url, allow, headers] of refused) checkRefusal(t, await app.inject({ method, url, headers }), allow, `${method} ${url}`)
        await also(t, app, oracle)
      })
    }
  })
}

beside("NestJS: its own 404 stays, that of a controller's exception too", Plain, {}, {
  untouched: [['GET', '/users'], ['POST', '/users'], ['GET', '/users/fails'], ['GET', '/nope'], ['PUT', '/nope'], ['PUT', '/users/']],
  refused: [['PUT', '/users', 'GET, HEAD, POST'], ['POST', '/users/fails', 'GET, HEAD'], ['PROPFIND', '/users', 'GET, HEAD, POST']]
})

beside('NestJS with a global prefix, a filter that catches everything, middleware and CORS', Plain, {
  configure: app => {
    app.setGlobalPrefix('api')
    app.useGlobalFilters(new Everything())
    app.enableCors({ origin: 'https://other.example' })
    app.use((_request, response, next) => {
      response.setHeader('x-middleware', '1')
      next()
    })
  }
}, {
  untouched: [
    ['GET', '/api/users'], ['GET', '/api/users/fails'], ['GET', '/api/nope'], ['PUT', '/nope'],
    ['OPTIONS', '/api/users', { origin: 'https://other.example', 'access-control-request-method': 'PUT' }]
  ],
  refused: [['PUT', '/api/users', 'GET, HEAD, OPTIONS, POST']]
}, async (t, app) => {
  const { headers } = await app.inject({ method: 'PUT', url: '/api/users' })
  t.strictSame([headers['access-control-allow-origin'], headers['x-middleware']], ['https://other.example', '1'])
  t.strictSame((await app.inject('/api/nope')).json(), { filtered: 'Cannot GET /api/nope' })
})

beside('NestJS versioned by URI', Users, {
  configure: app => { app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }) }
}, {
  untouched: [['GET', '/v1/users'], ['POST', '/v2/users'], ['GET', '/users/1'], ['GET', '/v3/users'], ['PUT', '/users']],
  refused: [
    ['PUT', '/v1/users', 'GET, HEAD, POST'],
    ['PUT', '/v1/users', 'GET, HEAD, POST', { 'accept-version': '9' }],
    ['GET', '/v2/users', 'POST'],
    ['GET', '/v1/users/1', 'DELETE'],
    ['PUT', '/users/1', 'GET, HEAD']
  ]
})

const version = value => ({ 'x-api-version': value })

beside('NestJS versioned by a header, with its value in the option constraints', Users, {
  configure: app => { app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version' }) },
  plugin: { constraints: request => ({ version: request.headers['x-api-version'] ?? VERSION_NEUTRAL }) }
}, {
  untouched: [['GET', '/users'], ['GET', '/users', version('1')], ['POST', '/users', version('2')], ['GET', '/users/1'], ['POST', '/users/1', version('2')], ['PUT', '/nope', version('1')]],
  refused: [
    ['PUT', '/users', 'GET, HEAD'],
    ['PUT', '/users', 'GET, HEAD, POST', version('1')],
    ['POST', '/users', 'GET, HEAD', version('3')],
    ['POST', '/users/1', 'DELETE, GET, HEAD', version('1')],
    ['DELETE', '/users/1', 'GET, HEAD, POST', version('2')]
  ]
}, async (t, app) => {
  const headers = ({ version: of }) => typeof of === 'symbol' || of === undefined ? {} : version([of].flat()[0])
  const wrong = await findWrongAnswers(app.getHttpAdapter().getInstance(), { headers })
  t.strictSame([...wrong], [])
  t.ok(wrong.checks > 20, `${wrong.checks} checks`)
})

/** The versions that an Accept header names, as in `application/json;v=2`. */
const mediaTypeVersion = accept => /;v=(\w+)/.exec(accept)?.[1] ?? VERSION_NEUTRAL

beside('NestJS versioned by media type, with its value in the option constraints', Users, {
  configure: app => { app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' }) },
  plugin: { constraints: async request => ({ version: mediaTypeVersion(request.headers.accept) }) }
}, {
  untouched: [['GET', '/users'], ['POST', '/users', { accept: 'application/json;v=2' }]],
  refused: [['PUT', '/users', 'GET, HEAD'], ['PUT', '/users', 'GET, HEAD, POST', { accept: 'application/json;v=2' }]]
})

beside('NestJS versioned by the header Accept-Version: no answer needs the option, but findWrongAnswers does', Users, {
  configure: app => { app.enableVersioning({ type: VersioningType.HEADER, header: 'accept-version' }) }
}, {
  untouched: [['GET', '/users', { 'accept-version': '1' }], ['POST', '/users', { 'accept-version': '2' }]],
  refused: [['PUT', '/users', 'GET, HEAD, POST', { 'accept-version': '1' }], ['POST', '/users/1', 'DELETE, GET, HEAD', { 'accept-version': '1' }]]
})

t.test('NestJS versioned by a header, without the option: a method is left out of Allow, and the log says so', async t => {
  for (const order of ORDERS) {
    const lines = []
    const app = await nest(t, order, Users, {
      configure: app => { app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version' }) },
      options: { logger: { level: 'warn', stream: { write: line => lines.push(JSON.parse(line).msg) } } }
    })
    checkRefusal(t, await app.inject({ method: 'PUT', url: '/users', headers: version('1') }), 'GET, HEAD')
    t.equal((await app.inject({ method: 'POST', url: '/users', headers: version('1') })).payload, 'created', 'what is routed is untouched')
    t.equal((await app.inject({ method: 'POST', url: '/users', headers: { 'accept-version': '1' } })).statusCode, 404, 'nor is a method refused in favour of itself')
    t.match(lines.join(), 'custom constraints (version)')
  }
})

t.test('NestJS without versions by header: nothing to warn of', async t => {
  for (const versioning of [undefined, { type: VersioningType.URI, defaultVersion: '1' }]) {
    for (const order of ORDERS) {
      const lines = []
      await nest(t, order, Plain, {
        configure: app => { if (versioning) app.enableVersioning(versioning) },
        options: { logger: { level: 'warn', stream: { write: line => lines.push(JSON.parse(line).msg) } } }
      })
      t.strictSame(lines, [])
    }
  }
})

t.test('NestJS with several versions of a route, which Fastify cannot print at once: app.methodsByUrl has them all', async t => {
  for (const order of ['first', 'last']) {
    const app = await nest(t, order, Users, {
      configure: app => { app.enableVersioning({ type: VersioningType.HEADER, header: 'accept-version' }) }
    })
    const { methodsByUrl } = app.getHttpAdapter().getInstance()
    t.strictSame([...methodsByUrl].map(([url, methods]) => [url, [...methods].sort()]), [['/users', ['GET', 'HEAD', 'POST']], ['/users/:id', ['DELETE', 'GET', 'HEAD', 'POST']]])
  }
})
