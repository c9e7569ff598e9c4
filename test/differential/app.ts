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

/** What a scope declares, in order. */
export type Item = RouteSpec | { prefix: string, items: Item[] } | { notFound: string }

/** A random app, as data, so that a counterexample can be read. */
export interface AppSpec {
  router: { caseSensitive: boolean, ignoreTrailingSlash: boolean, ignoreDuplicateSlashes: boolean, useSemicolonDelimiter: boolean, maxParamLength: number }
  exposeHeadRoutes: boolean
  rewriteUrl: boolean
  /** The constraint strategy of this name: none, whose routes have no such constraint, or how it derives a value. */
  secret: 'none' | 'sync' | 'async'
  addedMethods: string[]
  items: Item[]
  /** Before which item of the root the plugin is registered. */
  pluginAt: number
  awaited: boolean
  catchAll: boolean
  /** Other options of the plugin: none, one alone, or all together. */
  options: Partial<Record<(typeof OPTIONS)[number], boolean>>
  /** Methods that the option `allow` hides. */
  hidden: string[]
}

export const OPTIONS = ['answerOptions', 'notImplemented', 'advertise', 'notFound', 'throw', 'problem', 'allow', 'allow later'] as const

/** A plugin under test, with the options for an app. */
export type Subject = (app: FastifyInstance, spec: AppSpec) => PromiseLike<unknown>

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

const { item } = fc.letrec<{ item: Item, scope: Item, notFound: Item }>(tie => ({
  item: fc.oneof({ depthSize: 'small', withCrossShrink: true }, { weight: 6, arbitrary: route }, { weight: 1, arbitrary: tie('notFound') }, { weight: 2, arbitrary: tie('scope') }),
  scope: fc.record({ prefix: fc.constantFrom('', '/a', '/users', '/a/', '/:id', '/b/a'), items: fc.array(tie('item'), { maxLength: 4 }) }),
  notFound: fc.record({ notFound: fc.constantFrom('mine', 'other') })
}))

const flag = (often: boolean) => rarely(fc.constant(!often)).map(value => value ?? often)

const options = fc.oneof(
  { weight: 4, arbitrary: fc.constant<AppSpec['options']>({}) },
  { weight: 3, arbitrary: fc.constantFrom(...OPTIONS).map((name): AppSpec['options'] => ({ [name]: true })) },
  { weight: 1, arbitrary: fc.boolean().map((isThrown): AppSpec['options'] => Object.fromEntries(OPTIONS.map(name => [name, name !== 'throw' || isThrown]))) }
)

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
  pluginAt: fc.nat(8),
  awaited: fc.boolean(),
  catchAll: flag(false),
  options,
  hidden: fc.subarray(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'], { minLength: 1, maxLength: 2 })
}).map((spec): AppSpec => ({
  ...spec,
  options: { ...spec.options, ...(hasNotFoundHandler(spec.items) && { notFound: false }) } // it would not start
}))

function hasNotFoundHandler (items: Item[]): boolean {
  return items.some(item => 'notFound' in item || ('items' in item && item.prefix === '' && hasNotFoundHandler(item.items)))
}

/** In the place of a plugin, since awaiting any plugin changes the order in which an app is loaded. */
const nothing: Subject = app => app.register(async () => {})

/** Builds an app, with a plugin or without; fails where Fastify refuses it, as for a route that is declared twice. Every reply tells by `x-seen` whether the router missed, and else the pattern of the route. */
export async function build (spec: AppSpec, subject: Subject = nothing): Promise<FastifyInstance> {
  const options: FastifyServerOptions = {
    exposeHeadRoutes: spec.exposeHeadRoutes,
    rewriteUrl: request => spec.rewriteUrl ? (request.url as string).replace(/^\/old/, '') : request.url as string,
    routerOptions: { ...spec.router, ...(spec.secret !== 'none' && { constraints: { secret: strategy(spec.secret === 'async') } }) } as object
  }
  const app: FastifyInstance = Fastify(options)
  const handled = new Set<string>()
  app.decorate('declaredMethods', new Set())
  for (const method of spec.addedMethods) app.addHttpMethod(method)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-seen', request.is404 ? 'missed' : `found ${encodeURI(request.routeOptions.url as string)}`)
  })
  for (const [at, item] of spec.items.entries()) {
    if (at === spec.pluginAt) await register()
    await declare(app, item, handled)
  }
  if (spec.pluginAt >= spec.items.length) await register()
  await app.ready()
  return app

  async function register (): Promise<void> {
    const registered = subject(app, spec)
    if (spec.awaited) await registered
  }
}

/** The methods of the routes that an app has declared. */
export function declaredMethods (app: FastifyInstance): Set<string> {
  return app.getDecorator<Set<string>>('declaredMethods')
}

/** Declares an item. A second not-found handler for a prefix is left out: it would end the process. */
async function declare (scope: FastifyInstance, item: Item, handled: Set<string>): Promise<void> {
  if ('items' in item) {
    const child: FastifyPluginAsync = async child => {
      for (const inner of item.items) await declare(child, inner, handled)
    }
    scope.register(child, item.prefix === '' ? {} : { prefix: item.prefix })
  } else if ('notFound' in item) {
    const prefix = scope.prefix.replace(/\/$/, '').replace(/:\w+/g, ':')
    if (handled.has(prefix)) return
    handled.add(prefix)
    scope.setNotFoundHandler(async (request, reply) => reply.code(404).header('x-handler', item.notFound).send(`${item.notFound}: ${request.url}`))
  } else {
    const { route: url, methods, constraints: { secret, ...builtIn } = {}, ...options } = item
    const constraints = { ...builtIn, ...(scope.hasConstraintStrategy('secret') && secret !== undefined && { secret }) }
    const method = methods.filter(method => scope.supportedMethods.includes(method)) as HTTPMethods[]
    if (method.length === 0 || (scope.prefix + url) === '') return
    for (const name of method) declaredMethods(scope).add(name)
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
