import fc from 'fast-check'
import Fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyServerOptions, type HTTPMethods } from 'fastify'

/** A route, declared in the scope that lists it. */
export interface RouteSpec {
  route: string
  methods: string[]
  constraints?: { version?: string, host?: string | RegExp, secret?: string }
  exposeHeadRoute?: boolean
  prefixTrailingSlash?: 'both' | 'slash' | 'no-slash'
}

/** What a scope declares, in order; options are those of a further registration of the plugin. */
export type Item = RouteSpec | { prefix: string, items: Item[] } | { notFound: string } | { options: Options }

/** Options of the plugin: each as it is, but `problem` stands for two, and `allow` for when it answers. */
export interface Options {
  answerOptions?: boolean
  notImplemented?: boolean
  advertise?: boolean
  catchAll?: boolean
  notFound?: boolean
  throw?: boolean
  type?: string
  problem?: true
  allow?: 'now' | 'later'
}

/** A random app, as data, so that a counterexample can be read. */
export interface AppSpec {
  router: { caseSensitive: boolean, ignoreTrailingSlash: boolean, ignoreDuplicateSlashes: boolean, useSemicolonDelimiter: boolean, maxParamLength: number }
  exposeHeadRoutes: boolean
  rewriteUrl: boolean
  /** The constraint strategy of this name: none, whose routes have no such constraint, or how it derives a value. */
  secret: 'none' | 'sync' | 'async'
  addedMethods: string[]
  items: Item[]
  /** Before which item of the root the plugin is registered; not there at all if that is -1. */
  pluginAt: number
  awaited: boolean
  options: Options
  /** Methods that the option `allow` hides. */
  hidden: string[]
}

/** A plugin under test, registered in a scope of an app with some options. */
export type Subject = (scope: FastifyInstance, spec: AppSpec, options: Options) => PromiseLike<unknown>

/** What an app has declared. */
export interface Declared {
  methods: Set<string>
  registrations: Array<{ scope: FastifyInstance, options: Options }>
}

const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY']
const ADDED = ['PROPFIND', 'PROPPATCH', 'MKCOL', 'PURGE', 'M-SEARCH']
const SEGMENTS = [
  'a', 'b', 'A', 'users', 'me', 'a-b', 'x.txt', 'constructor', '__proto__', 'a%20b', 'é', 'a;b', '12', 'a::b',
  ':id', ':x', ':constructor', ':id(^\\d+$)', ':a-:b', ':f.:e', ':n(^[a-z]+$)'
]
const frequent = (values: string[]) => fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values.slice(0, 5)) }, { weight: 2, arbitrary: fc.constantFrom(...values) })

/** A value in one case of five. */
export const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const pattern = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('/', '*', '/*', '', '/:opt?') },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.array(frequent(SEGMENTS), { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '', '', '/', '/*', '*', '/:opt?'))
      .map(([segments, end]) => `/${segments.join('/')}${end}`)
  }
)

const constraints = fc.record({
  version: fc.constantFrom('1.0.0', '1.2.0', '2.0.0'),
  host: fc.constantFrom<string | RegExp>('a.example', 'b.example', /^.\.example$/),
  secret: fc.constantFrom('s', 't')
}, { requiredKeys: [] })

const route: fc.Arbitrary<RouteSpec> = fc.record({
  route: pattern,
  methods: fc.uniqueArray(fc.constantFrom(...METHODS, ...ADDED), { minLength: 1, maxLength: 3 }),
  constraints: rarely(constraints),
  exposeHeadRoute: rarely(fc.boolean()),
  prefixTrailingSlash: fc.constantFrom('both', 'both', 'slash', 'no-slash')
}, { requiredKeys: ['route', 'methods'] })

const ALL: Options[] = [
  { answerOptions: true }, { notImplemented: true }, { advertise: true }, { throw: true }, { type: 'urn:a' }, { problem: true }, { allow: 'now' }, { allow: 'later' }
]
const flags = fc.record<Options>(
  { answerOptions: fc.boolean(), notImplemented: fc.boolean(), advertise: fc.boolean(), catchAll: fc.boolean(), throw: fc.boolean() }, { requiredKeys: [] }
)

/** Those of a prefix: one alone, several that may take back what is in force around it, or both. */
const scoped = fc.tuple(fc.constantFrom({}, ...ALL), fc.oneof(fc.constant({}), flags), rarely(fc.constantFrom('urn:b', 'urn:c')))
  .map(([one, some, type]): Options => ({ ...one, ...some, ...(type !== undefined && { type }) }))

const { item } = fc.letrec<{ item: Item, scope: Item, notFound: Item, further: Item }>(tie => ({
  item: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: route },
    { weight: 1, arbitrary: tie('notFound') },
    { weight: 2, arbitrary: tie('scope') },
    { weight: 2, arbitrary: tie('further') }
  ),
  scope: fc.record({ prefix: fc.constantFrom('', '/a', '/users', '/a/', '/:id', '/:id/', '/b/a'), items: fc.array(tie('item'), { maxLength: 4 }) }),
  notFound: fc.record({ notFound: fc.constantFrom('mine', 'other') }),
  further: fc.record({ options: scoped })
}))

const flag = (often: boolean) => rarely(fc.constant(!often)).map(value => value ?? often)

/** Those of the whole app: none, one alone, or all together. */
const options = fc.tuple(fc.oneof(
  { weight: 4, arbitrary: fc.constant<Options>({}) },
  { weight: 3, arbitrary: fc.constantFrom<Options>({ notFound: true }, ...ALL) },
  { weight: 1, arbitrary: fc.boolean().map((isThrown): Options => Object.assign({ notFound: true }, ...ALL, { throw: isThrown })) }
), flag(false)).map(([options, catchAll]): Options => ({ ...options, catchAll }))

export const appSpec: fc.Arbitrary<AppSpec> = fc.record({
  router: fc.record({
    caseSensitive: flag(true),
    ignoreTrailingSlash: flag(false),
    ignoreDuplicateSlashes: flag(false),
    useSemicolonDelimiter: flag(false),
    maxParamLength: fc.constantFrom(100, 100, 5)
  }),
  exposeHeadRoutes: flag(true),
  rewriteUrl: flag(false),
  secret: fc.constantFrom('none', 'none', 'sync', 'async'),
  addedMethods: fc.subarray(ADDED),
  items: fc.array(item, { minLength: 1, maxLength: 8 }),
  pluginAt: fc.integer({ min: -2, max: 8 }).map(at => Math.max(at, -1)),
  awaited: fc.boolean(),
  options,
  hidden: fc.subarray(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'], { minLength: 1, maxLength: 2 })
}).map((spec): AppSpec => ({
  ...spec,
  pluginAt: Math.max(spec.pluginAt, registersInPrefix(spec.items) ? -1 : 0),
  options: { ...spec.options, ...(hasNotFoundHandler(spec.items) && { notFound: false }) } // it would not start
}))

function registersInPrefix (items: Item[], prefix = ''): boolean {
  return items.some(item => 'options' in item ? prefix !== '' : 'items' in item && registersInPrefix(item.items, prefix + item.prefix))
}

function hasNotFoundHandler (items: Item[]): boolean {
  return items.some(item => 'notFound' in item || ('items' in item && item.prefix === '' && hasNotFoundHandler(item.items)))
}

/** In the place of a plugin, since awaiting any plugin changes the order in which an app is loaded. */
const nothing: Subject = app => app.register(async () => {})

/** Builds an app, with a plugin or without; fails where Fastify refuses it, as for a route that is declared twice. Every reply tells by `x-seen` whether the router missed, and else the pattern of the route. */
export async function build (spec: AppSpec, subject: Subject = nothing): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify(serverOptions(spec))
  const done = new Set<string>()
  const declared: Declared = { methods: new Set(), registrations: [] }
  app.decorate('declared', declared)
  for (const method of spec.addedMethods) app.addHttpMethod(method)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-seen', request.is404 ? 'missed' : `found ${encodeURI(request.routeOptions.url as string)}`)
    const isAround = (scope: FastifyInstance): boolean => scope === request.server || Object.prototype.isPrototypeOf.call(scope, request.server)
    if (!request.is404 && declared.registrations.some(({ scope, options }) => options.advertise && isAround(scope))) reply.header('x-advertised', 'here')
  })
  for (const [at, item] of spec.items.entries()) {
    if (at === spec.pluginAt) await register(app, spec.options)
    await declare(app, item, done, register)
  }
  if (spec.pluginAt >= spec.items.length) await register(app, spec.options)
  await app.ready()
  return app

  async function register (scope: FastifyInstance, options: Options): Promise<void> {
    declared.registrations.push({ scope, options })
    const registered = subject(scope, spec, options)
    if (spec.awaited) await registered
  }
}

export function serverOptions (spec: AppSpec): FastifyServerOptions {
  return {
    exposeHeadRoutes: spec.exposeHeadRoutes,
    rewriteUrl: request => spec.rewriteUrl ? (request.url as string).replace(/^\/old/, '') : request.url as string,
    routerOptions: { ...spec.router, ...(spec.secret !== 'none' && { constraints: { secret: strategy(spec.secret === 'async') } }) } as object
  }
}

export function declaredIn (app: FastifyInstance): Declared {
  return app.getDecorator<Declared>('declared')
}

/** Declares an item. A second not-found handler for a prefix is left out, since it would end the process, and so is a second registration. */
async function declare (scope: FastifyInstance, item: Item, done: Set<string>, register: (scope: FastifyInstance, options: Options) => Promise<void>): Promise<void> {
  const prefix = scope.prefix.replace(/\/$/, '').replace(/:\w+/g, ':')
  if ('items' in item) {
    const child: FastifyPluginAsync = async child => {
      for (const inner of item.items) await declare(child, inner, done, register)
    }
    scope.register(child, item.prefix === '' ? {} : { prefix: item.prefix })
  } else if ('options' in item) {
    if (prefix === '' || done.has(`options ${prefix}`)) return
    done.add(`options ${prefix}`)
    await register(scope, item.options)
  } else if ('notFound' in item) {
    if (done.has(prefix)) return
    done.add(prefix)
    scope.setNotFoundHandler(async (request, reply) => reply.code(404).header('x-handler', item.notFound).send(`${item.notFound}: ${request.url}`))
  } else {
    const { route: url, methods, constraints: { secret, ...builtIn } = {}, ...options } = item
    const constraints = { ...builtIn, ...(scope.hasConstraintStrategy('secret') && secret !== undefined && { secret }) }
    const method = methods.filter(method => scope.supportedMethods.includes(method)) as HTTPMethods[]
    if (method.length === 0 || (scope.prefix + url) === '') return
    for (const name of method) declaredIn(scope).methods.add(name)
    scope.route({
      ...options,
      method,
      url,
      constraints,
      handler: async (request, reply) => request.headers['x-call'] === undefined ? `${scope.prefix}${url}` : reply.callNotFound()
    })
  }
}

function strategy (isAsync: boolean) {
  const read = ({ headers }: { headers: Record<string, unknown> }): unknown => headers['x-secret']
  return {
    name: 'secret',
    mustMatchWhenDerived: false,
    validate () {},
    storage () {
      const stored = new Map<unknown, unknown>()
      return { get: (value: unknown) => stored.get(value) ?? null, set: (value: unknown, store: unknown) => { stored.set(value, store) } }
    },
    deriveConstraint: isAsync
      ? (request: never, _context: unknown, done: (error: null, value: unknown) => void) => { setImmediate(() => done(null, read(request))) }
      : read
  }
}
