import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import Fastify, { type FastifyHttpOptions, type FastifyInstance, type HTTPMethods } from 'fastify'
import type { Server } from 'node:http'
import type { Test } from 'tap'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions } from '../plugin/index.js'
import { type Installation, expectInstallation } from '../plugin/scope.js'

export interface AppOptions {
  /** Each as `'GET /users'`; answered `200`, with the route itself as the body. */
  routes?: string[]
  /** Options of the plugin, or false for an app without it. */
  plugin?: FastifyAllowedMethodsOptions | false
  /** Options of Fastify. */
  fastify?: FastifyHttpOptions<Server>
}

const hasRouterOptions = 'routerOptions' in Fastify({ routerOptions: { maxParamLength: 1 } }).initialConfig

/** Options of the router where the installed Fastify takes them: 5.0.0 at the top level, later ones in `routerOptions`. */
export function routerOptions (options: object): FastifyHttpOptions<Server> {
  return hasRouterOptions ? { routerOptions: options } : options
}

/** An app that is closed when the test ends: the plugin first, then the routes. */
export function build (t: Test, { routes = [], plugin = {}, fastify = {} }: AppOptions = {}): FastifyInstance {
  const app = Fastify({ ...fastify }) as FastifyInstance // 5.0.0 writes to what it is given
  t.teardown(() => app.close())
  if (plugin !== false) app.register(fastifyAllowedMethods, plugin)
  declare(app, ...routes)
  return app
}

/**
 * Whether Fastify's router is one from before find-my-way 9.9, as a lock file may hold it: it does not compare hosts that are regular expressions,
 * and takes a target in absolute form only with a lower-case scheme and a path.
 */
export const hasOldRouter = Fastify().get('/', async () => 'root').findRoute({ method: 'GET', url: 'http://a.example' }) === null

/** What the plugin keeps of an app. */
export function installed (app: FastifyInstance): Installation {
  return expectInstallation(app, 'a test')
}

/** A constraint strategy that reads a header field, synchronously or not. */
export const strategy = (name: string, isAsync = false) => ({
  name,
  storage () {
    const stored = new Map<unknown, never>()
    return { get: (value: unknown) => stored.get(value) ?? null, set: (value: unknown, store: never) => { stored.set(value, store) } }
  },
  validate () {},
  deriveConstraint: isAsync
    ? (request: { headers: Record<string, unknown> }, _context: unknown, done: (error: null, value: unknown) => void) => { setImmediate(done, null, request.headers[`x-${name}`]) }
    : (request: { headers: Record<string, unknown> }) => request.headers[`x-${name}`],
  mustMatchWhenDerived: false
})

/** Declares routes, each as `'GET /users'`. */
export function declare (app: FastifyInstance, ...routes: string[]): void {
  for (const route of routes) {
    const [method, url] = route.split(' ') as [HTTPMethods, string]
    app.route({ method, url, handler: async () => route })
  }
}

/** The `Allow` of a 405; the status code of another answer. */
export async function ask (app: FastifyInstance, method: string, url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const reply = await app.inject({ method: method as HTTPMethods, url, headers })
  return reply.statusCode === 405 ? reply.headers.allow : reply.statusCode
}

/** Sends bytes to an app over a socket of their own, and gives all bytes that come back until it closes the connection. */
export async function exchange (app: FastifyInstance, ...chunks: (string | Buffer)[]): Promise<string> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const received: Buffer[] = []
  socket.on('data', chunk => received.push(chunk))
  for (const chunk of chunks) socket.write(chunk)
  await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject))
  return Buffer.concat(received).toString('latin1')
}

/** Asks an app over a socket of its own, and closes it before the answer is there. */
export async function leave (app: FastifyInstance, line: string): Promise<void> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const received = once(app.server, 'request')
  socket.write(`${line} HTTP/1.1\r\nHost: a.example\r\n\r\n`)
  await received
  socket.destroy()
}
