import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Type } from '@sinclair/typebox'
import type { HTTPMethods } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { type Finding, RecentFindings, hashOf } from '../plugin/recent.js'
import { type AppOptions, build, routerOptions, strategy } from './helpers.js'

t.test('keeps what is asked twice, but no long URL', async t => {
  const recent = new RecentFindings()
  const count = (url: string): number => look(recent, url) === undefined ? 1 : 0
  t.strictSame(['/a', '/a', '/a', '/b', '/c', '/d', '/a'].map(count), [1, 1, 0, 1, 1, 1, 0])
  t.strictSame(Array.from({ length: 3 }, () => Array.from({ length: 500 }, (_, i) => count(`/users/${i}`)).reduce((a, b) => a + b))
    .map(sum => sum > 490 ? 'all' : sum < 30 ? 'few' : sum), ['all', 'all', 'few'])
  t.strictSame([200, 201].map(length => [1, 2, 3].map(() => count('/'.padEnd(length, 'x')))), [[1, 1, 0], [1, 1, 1]])
})

t.test('of a URL that is a part of a longer text, as rewriteUrl may cut it out, only that part is kept', async t => {
  const heap = measureHeap()
  const recent = new RecentFindings()
  const kept: boolean[] = []
  for (let id = 0; id < 100; id++) {
    const url = String(`/users/some-name-${id}?${'q'.repeat(200_000)}`.split('?')[0])
    for (let i = 0; i < 2; i++) if (recent.lookUp(url) === undefined) recent.keep({ url, methods: [] })
    kept.push(recent.lookUp(url)?.url === url)
  }
  t.strictSame(kept, Array(100).fill(true))
  t.ok(heap() < 5e6, `${heap()} bytes`) // the texts have 20 million characters
})

t.test('nor does the body keep that text, if a server around the app cuts the URL out', async t => {
  const app = build(t, { routes: ['GET /users/:id'] })
  app.addHook('onSend', async () => 'a page of its own') // what is sent is flat
  await app.ready()
  const server = createServer({ maxHeaderSize: 1e6 }, (request, response) => {
    request.url = request.url?.split('?')[0]
    app.routing(request, response)
  })
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const put = (path: string) => new Promise((resolve, reject) => {
    httpRequest({ agent, port, path, method: 'PUT' }, response => response.resume().on('end', () => resolve(response.headers.allow))).on('error', reject).end()
  })
  t.equal(await put('/users/some-name'), 'GET, HEAD')
  const heap = measureHeap()
  for (let id = 0; id < 100; id++) for (let i = 0; i < 3; i++) await put(`/users/some-name-${id}?${'q'.repeat(200_000)}`)
  t.ok(heap() < 5e6, `${heap()} bytes`)
})

t.test('what is asked once takes no place', async t => {
  const recent = new RecentFindings()
  for (let i = 0; i < 100; i++) look(recent, `/users/${i}`)
  t.strictSame(recent.findings.filter(finding => finding !== undefined), [])
})

t.test('what is asked once takes no place from what is kept', async t => {
  const recent = new RecentFindings()
  for (let i = 0; i < 2; i++) look(recent, '/users/1')
  for (const url of samePlace('/users/1', 10)) look(recent, url)
  t.strictSame(look(recent, '/users/1'), { url: '/users/1', methods: ['/users/1'] })
})

t.test('two URLs with the same place, or with the same hash, are never taken for one another', async t => {
  const recent = new RecentFindings()
  const urls = Array.from({ length: 20_000 }, (_, i) => `/users/${i}`)
  const [one, other] = sameHash(urls)
  const [near = ''] = samePlace(one, 1)
  const asked = [...urls, ...urls.flatMap(url => [url, url, url]), one, one, near, near, other, one, other, one, other, other, one, one, one, other]
  t.strictSame(asked.filter(url => ![url, undefined].includes(look(recent, url)?.methods[0])), [])
  t.strictSame(look(recent, one), { url: one, methods: [one] })
})

t.test('no answer depends on what was asked before', async t => {
  const apps: Record<string, AppOptions> = {
    'no option': {},
    answerOptions: { plugin: { answerOptions: true } },
    notImplemented: { plugin: { notImplemented: true } },
    throw: { plugin: { throw: true } },
    schema: { plugin: { schema: Type.Object({ status: Type.Literal(405), instance: Type.String() }) as never } },
    problem: { plugin: { problem: (problem, { headers, method }) => ({ ...problem, detail: `${method} ${headers['x-secret']}` }) } },
    allow: { plugin: { allow: (methods, { headers }) => headers['x-secret'] === undefined ? methods.slice(1) : methods } },
    'constraints, of no strategy': { plugin: { constraints: ({ headers }) => ({ unknown: headers['x-secret'] }) } },
    'constraints, of one for some': {
      fastify: routerOptions({ constraints: { secret: strategy('secret') } }),
      plugin: { constraints: ({ headers }): Record<string, unknown> => headers['x-secret'] === undefined ? {} : { secret: headers['x-secret'] } }
    },
    catchAll: { routes: ['GET /*'], plugin: { catchAll: true } },
    'a rewritten URL': { fastify: { rewriteUrl: ({ url }) => String(url).replace('/old', '') } },
    'a rewritten URL for one method': { fastify: { rewriteUrl: ({ method, url }) => method === 'PUT' ? '/users/1' : String(url) } },
    'a hook that changes the URL': {},
    'a loose router': { fastify: routerOptions({ ignoreTrailingSlash: true, caseSensitive: false }) }
  }
  const requests = ['PUT', 'HEAD', 'OPTIONS', 'MKCOL', 'GET', 'DELETE'].flatMap(method =>
    ['/users/1', '/old/users/1', '/users/1?a', '/users/1/', '/USERS/1', '/inner/a', '/nope'].flatMap(url => [
      { method: method as HTTPMethods, url }, { method: method as HTTPMethods, url, headers: { 'x-secret': '1' } }
    ]))
  const wrong: object[] = []
  for (const [name, options] of Object.entries(apps)) {
    const start = () => {
      const app = build(t, { ...options, routes: ['POST /users/:id', 'DELETE /users/:id', ...options.routes ?? []] })
      if (name.startsWith('constraints, of one')) app.route({ method: 'GET', url: '/users/:id', constraints: { secret: '1' }, handler: async () => 'secret' })
      if (name.startsWith('a hook')) app.addHook('onRequest', async ({ headers, raw }) => { if (headers['x-secret'] !== undefined) raw.url = '/users/1' })
      app.register(async app => {
        app.register(fastifyAllowedMethods, { type: 'about:blank' })
        app.patch('/a', async () => 'a')
      }, { prefix: '/inner' })
      return app
    }
    const answer = async (app: ReturnType<typeof start>, request: typeof requests[number]) => {
      const { statusCode, headers: { date, ...headers }, payload } = await app.inject(request)
      return { request, statusCode, headers, payload }
    }
    const first = await Promise.all(requests.map(request => answer(start(), request)))
    const app = start()
    for (const expected of [...first, ...first, ...first.reverse(), ...first]) {
      const answered = await answer(app, expected.request)
      if (!isDeepStrictEqual(answered, expected)) wrong.push({ name, answered, expected })
    }
  }
  t.strictSame(wrong, [])
})

t.test('what is asked for while the app starts is not kept', async t => {
  const app = build(t, { routes: ['GET /a'] })
  await app.after()
  const request = { method: 'PATCH', headers: {}, raw: { url: '/a', headers: {} }, originalUrl: '/a' } as never
  for (let i = 0; i < 3; i++) t.strictSame(app.allowedMethods(request), ['GET', 'HEAD'])
  app.put('/a', async () => 'a')
  await app.ready()
  t.strictSame(app.allowedMethods(request), ['GET', 'HEAD', 'PUT'])
})

/** What is kept of a URL; where nothing is, it is offered to be kept. */
function look (recent: RecentFindings, url: string): Finding | undefined {
  const kept = recent.lookUp(url)
  if (kept === undefined) recent.keep({ url, methods: [url] })
  return kept
}

function sameHash (urls: readonly string[]): [string, string] {
  const byHash = new Map<number, string>()
  for (let i = 0; ; i++) {
    const url = `${urls[i % urls.length]}/${i}`
    const other = byHash.get(hashOf(url))
    if (other !== undefined) return [other, url]
    byHash.set(hashOf(url), url)
  }
}

/** URLs that get the same place as one, but have another hash. */
function samePlace (url: string, count: number): string[] {
  const place = (url: string): number => hashOf(url) & 4094
  return Array.from({ length: count * 20_000 }, (_, i) => `/other/${i}`)
    .filter(other => place(other) === place(url) && hashOf(other) !== hashOf(url)).slice(0, count)
}

/** @returns by how many bytes the heap has grown since */
function measureHeap (): () => number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const used = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  return () => used() - before
}
