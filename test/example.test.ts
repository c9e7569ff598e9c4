import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { MethodNotAllowedProblem, isMethodNotAllowedProblem } from 'fastify-allowed-methods'
import t, { type Test } from 'tap'
import { rename } from './example/client.js'
import { buildService } from './example/service.js'
import { ask, build } from './helpers.js'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

/** Starts a file of the example and gives what it prints until it is listening, or until it exits. */
async function start (t: Test, file: string, port: string | number) {
  const child = spawn(process.execPath, [file], { cwd: new URL('example', import.meta.url), env: { ...process.env, PORT: String(port), NODE_OPTIONS: '' } })
  t.teardown(() => child.kill())
  let output = ''
  const collect = (chunk: Buffer) => { output += chunk }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const exited = once(child, 'close')
  while (child.exitCode === null && !/Listening on http:\S+\s[^]*\n$|Listening on http:\S+\n$/.test(output)) {
    await Promise.race([once(child.stdout, 'data'), exited])
  }
  return { output, address: /http:\/\/[\w.[\]:]+\d/.exec(output)?.[0], exitCode: child.exitCode }
}

t.test('the app of the README', async t => {
  const { address } = await start(t, 'app.js', 0)
  const reply = await fetch(`${address}/users/42`, { method: 'PUT', body: '{' })
  t.equal(reply.status, 405)
  t.equal(reply.headers.get('allow'), 'DELETE, GET, HEAD')
  t.equal((await fetch(`${address}/users/42`)).status, 200)
})

t.test('stands in the README, word for word', async t => {
  t.ok((await read('../README.md')).includes('```js\n' + await read('example/app.js') + '```\n'))
  t.ok((await read('../README.md')).includes('```ts\n' + await read('example/client.ts') + '```\n'), 'and so does the client')
})

t.test('the replies that the README shows are those of the app, without the plugin and with it', async t => {
  const readme = await read('../README.md')
  const { address } = await start(t, 'app.js', 0)
  const without = build(t, { plugin: false, routes: ['GET /users/:id', 'DELETE /users/:id'] })
  const before = await fetch(`${await without.listen({ port: 0, host: '127.0.0.1' })}/users/42`, { method: 'PUT' })
  const after = await fetch(`${address}/users/42`, { method: 'PUT' })
  const problem = await after.json() as { allow: string[] }
  const indented = JSON.stringify(problem, null, 2).replace(/\[.*\]/s, JSON.stringify(problem.allow).replaceAll(',', ', '))
  for (const [{ status, statusText, headers }, body] of [[before, await before.text()], [after, indented]] as const) {
    const allow = headers.has('allow') ? `allow: ${headers.get('allow')}\n` : ''
    t.ok(readme.includes(`HTTP/1.1 ${status} ${statusText}\n${allow}content-type: ${headers.get('content-type')}\n\n${body}\n`), `${status}`)
  }
})

t.test('the service starts at once, and shows its URLs and what to try', async t => {
  const { output, address } = await start(t, 'dist/server.js', 0)
  t.match(output, /^\/v1\/books +GET, HEAD, POST$/m)
  t.notMatch(output, '/docs/', 'not the parts of the page')
  const docs = /^ {2}(\S+\/docs) +# /m.exec(output)?.[1]
  t.equal(docs, `${address}/docs`)
  t.match((await fetch(docs ?? '')).headers.get('content-type'), 'text/html')
  const lines = [...output.matchAll(/^ {2}curl -i (?:-X (\w+) )?(\S+) +# (\d+)/gm)]
  t.strictSame(lines.map(([, , , status]) => status), ['200', '405', '404'])
  for (const [, method = 'GET', url = '', status] of lines) {
    t.ok(url.startsWith(address ?? 'no address'))
    t.equal(String((await fetch(url, { method })).status), status)
  }
})

t.test('a port that is taken, and one that is none, are a clear error', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const taken = await start(t, 'dist/server.js', port)
  t.equal(taken.exitCode, 1)
  t.match(taken.output, `Port ${port} is taken`)
  const none = await start(t, 'dist/server.js', 'x')
  t.equal(none.exitCode, 1)
  t.match(none.output, "PORT must be a whole number from 0 to 65535, got 'x'")
})

t.test('the service', async t => {
  const app = await buildService()
  t.teardown(() => app.close())
  t.equal(await ask(app, 'PUT', '/v1/books'), 'GET, HEAD, OPTIONS, POST')
  t.equal(await ask(app, 'PUT', '/v1/books/9780131103627'), 'GET, HEAD, OPTIONS, PATCH')
  t.equal(await ask(app, 'POST', '/v1/books/search'), 'GET, HEAD, OPTIONS, PATCH', 'what both routes take')
  t.equal(await ask(app, 'GET', '/v1/books/9780131103627/loan'), 'DELETE, OPTIONS, PUT')
  t.equal(await ask(app, 'DELETE', '/v1/report', { 'accept-version': '1.x' }), 'GET, HEAD')
  t.equal(await ask(app, 'POST', '/v1/report', { 'accept-version': '2.x' }), 'DELETE, GET, HEAD')
  t.equal(await ask(app, 'POST', '/v1/report'), 404, 'no version, no route')
  t.equal(await ask(app, 'GET', '/v1/books/1'), 404)
  t.equal(await ask(app, 'DELETE', '/v1/boks'), 404)

  const body = { isbn: '9780262033848', title: 'Introduction to Algorithms' }
  t.equal((await app.inject({ method: 'POST', url: '/v1/books', payload: body })).statusCode, 201)
  t.equal((await app.inject({ method: 'POST', url: '/v1/books', payload: { isbn: '1' } })).statusCode, 400)
  t.strictSame((await app.inject('/v1/books/search?q=algo')).json(), [{ ...body, withdrawn: false }])
  const change = (payload: object) => app.inject({ method: 'PATCH', url: '/v1/books/9780262033848', payload })
  t.equal((await change({ withdrawn: true })).statusCode, 200)
  t.equal((await change({ title: 'x' })).headers.allow, 'GET, HEAD, OPTIONS', 'a withdrawn book can only be read')
  t.equal(await ask(app, 'PUT', '/v1/books/9780262033848/loan'), 204)
  t.equal(await ask(app, 'DELETE', '/v1/books/9780262033848/loan'), 204)
  t.equal(await ask(app, 'DELETE', '/v1/books/9780262033848/loan'), 404)
})

t.test('every error of the service is a problem, and a page of any origin may read it', async t => {
  const app = await buildService()
  t.teardown(() => app.close())
  app.get('/fail', async () => { throw new Error('secret') })
  const requests = [['PUT', '/v1/books', 405], ['PATCH', '/v1/books/9780201038019', 405], ['GET', '/v1/boks', 404], ['GET', '/v1/books/1', 404], ['POST', '/v1/books', 400], ['GET', '/fail', 500]] as const
  for (const [method, url, status] of requests) {
    const reply = await app.inject({ method, url, payload: method === 'GET' ? undefined : { title: 'x' }, headers: { origin: 'http://example.com' } })
    t.equal(reply.headers['content-type'], 'application/problem+json', `${method} ${url}`)
    t.equal(reply.headers['access-control-allow-origin'], '*')
    t.equal(reply.json().status, status)
    t.equal(reply.json().type, `https://httpwg.org/specs/rfc9110.html#status.${status}`)
    t.notMatch(reply.body, 'secret')
  }
  const headers = { origin: 'http://example.com', 'access-control-request-method': 'PUT' }
  t.equal((await app.inject({ method: 'OPTIONS', url: '/v1/books', headers })).headers['access-control-allow-methods'], '*')
})

t.test('the document has the 405 of every operation, and the problems of each', async t => {
  const app = await buildService()
  t.teardown(() => app.close())
  const { openapi, paths, components } = (await app.inject('/openapi.json')).json()
  t.equal(openapi, '3.1.0')
  const operations = Object.values<object>(paths).flatMap(path => Object.values(path))
  t.ok(operations.length > 8)
  for (const { responses } of operations) t.strictSame(responses[405], { $ref: '#/components/responses/MethodNotAllowed' })
  t.strictSame(Object.keys(components.responses.MethodNotAllowed.content), ['application/problem+json'])
  const { responses } = paths['/v1/books/{isbn}'].patch
  t.strictSame(Object.keys(responses), ['200', '400', '404', '405'])
  t.strictSame(Object.keys(responses[404].content), ['application/problem+json'])
})

t.test('the client tells which methods are there', async t => {
  const { address = '' } = await start(t, 'dist/server.js', 0)
  t.equal(await rename(address, '9780131103627', 'C'), 'The book is now called C')
  t.equal(await rename(address, '9780201038019', 'TAOCP'), 'This book cannot be renamed. It takes GET, HEAD, OPTIONS')
  t.equal(await rename(address, '9780262033848', 'CLRS'), 'There was another problem: 404')
})

t.test('what the client has checked is typed', async t => {
  const app = await buildService()
  t.teardown(() => app.close())
  const body: unknown = (await app.inject({ method: 'PUT', url: '/v1/books' })).json()
  if (!isMethodNotAllowedProblem(body)) return t.fail('this is the body of a 405')
  const problem: MethodNotAllowedProblem = body
  const { status, allow }: { status: 405, allow: string[] } = problem
  t.equal(status, 405)
  t.strictSame(allow, ['GET', 'HEAD', 'OPTIONS', 'POST'])
})
