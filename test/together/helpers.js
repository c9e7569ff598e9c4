import Fastify from 'fastify'
import t from 'tap'
import fastifyAllowedMethods, { isMethodNotAllowedProblem } from '../../dist/esm/plugin/index.js'

export { fastifyAllowedMethods, isMethodNotAllowedProblem }

/** When the plugin is registered: before the packages and routes of an app, after them, or (the oracle) not at all. */
export const ORDERS = ['first', 'last']

/**
 * Checks, in both orders of registration, that an app lives together with the plugin. The oracle is the same app without it.
 *
 * @param title the behaviour of the packages that the app uses
 * @param prepare registers packages and routes; is awaited
 * @param expected.untouched requests that are answered as by the oracle: those that are routed, and those that are not found;
 *   each request is an object for `app.inject`, or a string such as `'PUT /users'`
 * @param expected.refused pairs of a request and the exact `Allow` of its 405
 * @param expected.fastify options of Fastify
 * @param expected.plugin options of the plugin
 * @param expected.varies names of header fields that differ from one request to the next
 * @param also checks what is particular to the packages, in each order
 */
export function together (title, prepare, { untouched = [], refused = [], fastify = {}, plugin = {}, varies = [] }, also = async () => {}) {
  t.test(title, async t => {
    for (const order of ORDERS) {
      t.test(`the plugin registered ${order}`, async t => {
        const oracle = await build(t, 'never', prepare, fastify)
        const app = await build(t, order, prepare, fastify, plugin)
        for (const request of untouched) {
          t.strictSame(await answer(app, request, varies), await answer(oracle, request, varies), name(request))
        }
        for (const [request, allow] of refused) {
          const reply = await app.inject(injected(request))
          checkRefusal(t, reply, allow, name(request))
          t.strictSame(others(reply.headers, varies), others((await oracle.inject(injected(request))).headers, varies), 'the other headers are those of the 404')
        }
        await also(t, app, order)
      })
    }
  })
}

/** An app with the plugin first, last or never, that is closed when the test ends. */
export async function build (t, order, prepare, options = {}, plugin = {}) {
  const app = Fastify(options)
  t.teardown(() => app.close())
  if (order === 'first') app.register(fastifyAllowedMethods, plugin)
  await prepare(app)
  if (order === 'last') app.register(fastifyAllowedMethods, plugin)
  await app.ready()
  return app
}

/** Declares routes, each as `'GET /users'`, answered with the route itself. */
export function declare (app, ...routes) {
  for (const route of routes) {
    const [method, url] = route.split(' ')
    app.route({ method, url, handler: async () => route })
  }
}

/** Checks a 405 of `app.inject`: status, exact `Allow`, media type and body. */
export function checkRefusal (t, reply, allow, message) {
  t.strictSame([reply.statusCode, reply.headers.allow, reply.headers['content-type']], [405, allow, 'application/problem+json'], message)
  if (reply.payload !== '') t.strictSame([isMethodNotAllowedProblem(reply.json()), reply.json().allow.join(', ')], [true, allow], 'its body')
}

/** Checks a 405 of `fetch`. */
export async function checkRefusedFetch (t, response, allow, message) {
  t.strictSame([response.status, response.headers.get('allow')], [405, allow], message)
  t.ok(isMethodNotAllowedProblem(await response.json()), 'its body')
}

export async function listen (app) {
  return app.listen({ port: 0, host: '127.0.0.1' })
}

function injected (request) {
  if (typeof request !== 'string') return request
  const [method, url] = request.split(' ')
  return { method, url }
}

function name (request) {
  return typeof request === 'string' ? request : `${request.method ?? 'GET'} ${request.url}`
}

async function answer (app, request, varies) {
  const { statusCode, headers: { date, ...headers }, rawPayload } = await app.inject(injected(request))
  return { statusCode, headers: without(headers, varies), payload: rawPayload.toString('latin1') }
}

/** Header fields but for those that the body decides: the 404 reads one that a 405 leaves alone. */
function others ({ date, allow, ...headers }, varies) {
  return without(headers, ['connection', 'content-type', 'content-length', 'etag', ...varies])
}

function without (headers, names) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}
