import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { connect as http2Connect, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import fastifyAllowedMethods from '../plugin/index.js'
import { build, declare, exchange, hasOldRouter } from './helpers.js'

const CLOSE = 'Host: a.example\r\nConnection: close\r\n\r\n'
const bodyOf = (message: string) => message.slice(message.indexOf('\r\n\r\n') + 4)
const headOf = (message: string) => message.slice(0, message.indexOf('\r\n\r\n'))

t.test('HEAD has no body, and the Content-Length that GET has', async t => {
  const app = build(t, { routes: ['POST /users'] })
  const get = await exchange(app, `GET /users HTTP/1.1\r\n${CLOSE}`)
  const head = await exchange(app, `HEAD /users HTTP/1.1\r\n${CLOSE}`)
  const length = (message: string) => /\r\ncontent-length: (\d+)\r\n/i.exec(message)?.[1]
  t.match(head, /^HTTP\/1\.1 405 Method Not Allowed\r\nallow: POST\r\n/)
  t.equal(bodyOf(head), '')
  t.equal(length(head), length(get))
  t.equal(length(get), String(bodyOf(get).length))
})

t.test('a 5 MB upload to a wrong method is answered, and the connection still usable', async t => {
  const app = build(t, { routes: ['GET /users'] })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ports = new Set<number | undefined>()
  for (const [method, size] of [['PUT', 5 * 1024 * 1024], ['GET', 0], ['POST', 1]] as const) {
    const client = httpRequest({ port, host: '127.0.0.1', path: '/users', method, agent, headers: { 'content-type': 'application/json', 'content-length': size } })
    client.end(Buffer.alloc(size, '{'))
    const [response] = await once(client, 'response')
    ports.add(client.socket?.localPort)
    response.resume()
    await once(response, 'end')
    t.equal(response.statusCode, method === 'GET' ? 200 : 405)
  }
  t.equal(ports.size, 1, 'one connection')
})

t.test('the answer does not wait for a body that is slow to come', async t => {
  const app = build(t, { routes: ['GET /users'] })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = httpRequest({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1', path: '/users', method: 'PUT', headers: { 'content-length': 1000 } })
  t.teardown(() => client.destroy())
  client.on('error', () => {})
  client.write('{')
  const [response] = await once(client, 'response')
  t.equal(response.statusCode, 405)
})

t.test('pipelined requests are answered in order', async t => {
  const app = build(t, { routes: ['GET /a', 'PUT /b'] })
  const answers = await exchange(app, ['PUT /a', 'PUT /b', 'PROPFIND /b', 'GET /a', 'GET /nope', 'HEAD /b'].map((line, i) =>
    `${line} HTTP/1.1\r\nHost: a.example\r\n${i === 5 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
  t.strictSame(answers.match(/HTTP\/1\.1 \d+/g), ['405', '200', '405', '200', '404', '405'].map(code => `HTTP/1.1 ${code}`))
  t.strictSame(answers.match(/(?<=\r\nallow: ).*(?=\r\n)/g), ['GET, HEAD', 'PUT', 'PUT'])
})

t.test('a target in absolute form', async t => {
  const app = build(t, { routes: ['GET /users', 'GET /'] })
  const targets: [string, string][] = [
    ['http://a.example/users?a=1', '/users'], ['HTTP://a.example:80/users', '/users'], ['http://a.example', '/'], ['http://a.example?a', '/']
  ]
  for (const [target, instance] of hasOldRouter ? targets.slice(0, 1) : targets) {
    const answer = await exchange(app, `PUT ${target} HTTP/1.1\r\n${CLOSE}`)
    t.match(headOf(answer), 'HTTP/1.1 405', target)
    t.equal(JSON.parse(bodyOf(answer)).instance, instance)
  }
})

t.test("OPTIONS * is the app's own 404, since * is no URL", async t => {
  const app = build(t, { routes: ['GET /'], plugin: { catchAll: true } })
  t.match(await exchange(app, `OPTIONS * HTTP/1.1\r\n${CLOSE}`), /^HTTP\/1\.1 404 /)
})

t.test('a scheme that is not of HTTP: as the router takes it', async t => {
  const app = build(t, { routes: ['GET /*'] })
  t.match(await exchange(app, `PUT ftp://a.example/users HTTP/1.1\r\n${CLOSE}`), /^HTTP\/1\.1 404 /)
})

t.test('a path with control or non-ASCII bytes: valid JSON, and an instance that is a valid URI reference', async t => {
  const app = build(t, { routes: ['GET /*'], plugin: { catchAll: true } })
  const plain = build(t, { routes: ['GET /*'], plugin: false })
  const statusOf = (answer: string) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]
  let answered = 0
  for (let byte = 1; byte < 256; byte++) {
    const message = Buffer.concat([Buffer.from('PUT /a'), Buffer.from([byte]), Buffer.from(`b HTTP/1.1\r\n${CLOSE}`)])
    const answer = await exchange(app, message)
    if (statusOf(answer) !== '405') {
      t.equal(statusOf(answer), statusOf(await exchange(plain, message)), `byte ${byte}`)
      continue
    }
    answered++
    const { instance } = JSON.parse(bodyOf(answer))
    t.match(instance, /^\/a(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})*$/)
    if (byte > 127) t.equal(instance, `/a%${byte.toString(16).toUpperCase()}b`, 'the byte that was sent')
  }
  t.ok(answered > 80, `${answered} of 255 bytes get past the parser`)
})

t.test('an empty Host is no host, as in the router', async t => {
  const app = build(t)
  app.get('/a', { constraints: { host: /.*/ } }, async () => 'a')
  t.match(await exchange(app, 'PUT /a HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'), 'HTTP/1.1 404')
  t.match(await exchange(app, `PUT /a HTTP/1.1\r\n${CLOSE}`), 'HTTP/1.1 405')
})

t.test('methods beyond those of Fastify, and those that it never sees', async t => {
  const app = build(t, { routes: ['GET /users'] })
  for (const [line, status] of [
    ['PROPFIND /users', 405], ['MKCALENDAR /users', 405], ['TRACE /users', 405], ['QUERY /users', 405], ['SOURCE /users', 405], ['PROPFIND /nope', 404],
    ['BREW /users', 400], ['get /users', 400]
  ] as const) {
    t.match(await exchange(app, `${line} HTTP/1.1\r\n${CLOSE}`), `HTTP/1.1 ${status}`, line)
  }
})

t.test('HTTP/2: the same answer, also for HEAD, and constraints by :authority', async t => {
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  app.register(fastifyAllowedMethods)
  declare(app as unknown as FastifyInstance, 'GET /users/:id', 'POST /only')
  app.put('/host', { constraints: { host: /^a\.example/ } }, async () => 'host')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const session = http2Connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  t.teardown(() => session.close())

  async function ask (method: string, path: string, authority = 'a.example') {
    const stream = session.request({ ':method': method, ':path': path, ':authority': authority })
    stream.end(method === 'PUT' ? '{' : undefined)
    const [headers] = await once(stream, 'response')
    const chunks = await stream.toArray()
    return { status: headers[constants.HTTP2_HEADER_STATUS], headers, body: Buffer.concat(chunks).toString() }
  }
  const put = await ask('PUT', '/users/1?a')
  t.strictSame([put.status, put.headers.allow, put.headers['content-type'], JSON.parse(put.body).instance], [405, 'GET, HEAD', 'application/problem+json', '/users/1'])
  const [get, head] = [await ask('GET', '/only'), await ask('HEAD', '/only')]
  t.equal(head.body, '')
  t.equal(head.headers['content-length'], get.headers['content-length'])
  t.equal((await ask('GET', '/host')).headers.allow, 'PUT')
  t.equal((await ask('GET', '/host', 'b.example')).status, 404)
  t.equal(JSON.parse((await ask('PUT', '/users/\xe9')).body).instance, '/users/%E9')
})
