import { buildService } from './service.js'

const port = toPort(process.env.PORT ?? '3000')
const app = await buildService()

try {
  const address = await app.listen({ host: '127.0.0.1', port })
  console.log(`${toTable(app.methodsByUrl)}

Listening on ${address}. In a browser:

  ${address}/docs    # each operation with its 405, and a button to try it

In another terminal:

  curl -i ${address}/v1/books           # 200
  curl -i -X PUT ${address}/v1/books    # 405: see Allow, and the same in the body
  curl -i ${address}/v1/boks            # 404: a problem+json body too
`)
} catch (error) {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
  fail(`Port ${port} is ${code === 'EADDRINUSE' ? 'taken' : 'not open to you'}: choose another one, as in PORT=${port === 65535 ? 3000 : port + 1} npm start`)
}

function toTable (methodsByUrl: ReadonlyMap<string, ReadonlySet<string>>): string {
  const urls = [...methodsByUrl.keys()].filter(url => !url.startsWith('/docs/')).sort() // but for the parts of that page
  const width = Math.max(...urls.map(url => url.length))
  return urls.map(url => `${url.padEnd(width)}  ${[...methodsByUrl.get(url) ?? []].sort().join(', ')}`).join('\n')
}

function toPort (value: string): number {
  const port = Number(value)
  if (!/^\d+$/.test(value) || port > 65535) fail(`PORT must be a whole number from 0 to 65535, got '${value}'`)
  return port
}

function fail (message: string): never {
  console.error(message)
  process.exit(1)
}
