import { createServer } from 'node:http'

/** `node:http` alone, with neither routes nor a framework. It writes the bytes that the plugin answers to `refused`. */
export function serve () {
  const server = createServer((request, response) => {
    const body = bodyOf(request.url)
    response.writeHead(405, {
      allow: 'DELETE, GET, HEAD, PUT',
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body)
    })
    response.end(body)
  })
  server.keepAliveTimeout = 72_000 // as Fastify's
  return server.listen(0, '127.0.0.1')
}

/** The body of the plugin's answer to `refused`. */
export function bodyOf (url) {
  return '{"type":"https://httpwg.org/specs/rfc9110.html#status.405","title":"Method Not Allowed","status":405,' +
    `"detail":"This URL supports DELETE, GET, HEAD and PUT.","instance":"${url}","allow":["DELETE","GET","HEAD","PUT"]}`
}
