// The example service in a real browser: npm run test:browser [-- --record]
//
// Its pictures go to a temporary folder, with --record to this one. Without a Chromium nothing is tested, and the status is 0.

import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MethodNotAllowedProblem } from 'fastify-allowed-methods'
import t from 'tap'
import { buildService } from '../example/dist/service.js'
import { findChromium, openPage } from './chromium.js'

const here = fileURLToPath(new URL('.', import.meta.url))
let folder = process.argv.includes('--record') ? here : undefined
const chromium = await findChromium()

if (chromium === undefined) {
  t.plan(0, 'skipped, there is no Chromium: install one, as by apt-get install chromium, or give its path in CHROMIUM_PATH')
} else {
  t.test('the documentation shows the 405 of an operation: its header, media type and schema', async t => {
    const page = await openDocumentation(t, 'GET', '/v1/books')
    const response = page.locator('.opblock.is-open tr.response[data-code="405"]')
    await response.getByRole('tab', { name: 'Schema' }).click()
    for (const member of ['status', 'allow']) await response.getByRole('button').filter({ hasText: new RegExp(`^${member}$`) }).click()
    const text = await response.innerText()
    const document = await (await fetch(new URL('/openapi.json', page.url()))).json()
    const { description, headers } = document.components.responses.MethodNotAllowed
    t.match(text, /^405\s/)
    t.match(text, description)
    t.match(text, /Media type\s+application\/problem\+json/)
    const members = await response.locator('.json-schema-2020-12-property > article > .json-schema-2020-12-head .json-schema-2020-12__title').allInnerTexts()
    t.strictSame(members, Object.keys(MethodNotAllowedProblem.properties))
    t.match(text, /^Const405$/m)
    t.match(text, MethodNotAllowedProblem.properties.allow.description)
    t.match(text, /Headers:\s+Name\s+Description\s+Type\s+Allow\s/)
    t.match(text, headers.Allow.description)
    await takePicture(t, response, 'docs-405.png')
  })

  t.test('the documentation tries a request, and shows its 405', async t => {
    const page = await openDocumentation(t, 'PATCH', '/v1/books/{isbn}')
    const operation = page.locator('.opblock.is-open')
    await operation.getByRole('button', { name: 'Try it out' }).click()
    await operation.getByPlaceholder('isbn').fill('9780201038019')
    await operation.getByRole('button', { name: 'Execute', exact: true }).click()
    const live = operation.locator('.live-responses-table tr.response')
    const text = await live.innerText()
    t.match(text, /^405/)
    t.match(text, '"detail": "This URL supports GET, HEAD and OPTIONS."')
    t.match(text, /allow: GET, ?HEAD, ?OPTIONS/)
  })

  t.test('a page of another origin reads from the body what the browser hides of the header', async t => {
    const { page, service } = await openPageOfAnotherOrigin(t)
    const show = await send(page, 'PUT', `${service}/v1/books`)
    t.equal(await show('status'), '405 Method Not Allowed')
    t.equal(await show('type'), 'application/problem+json')
    t.equal(await show('header'), 'null')
    t.equal(await show('methods'), 'GET, HEAD, OPTIONS, POST')
    t.equal(await show('methods'), (await fetch(`${service}/v1/books`, { method: 'PUT' })).headers.get('allow'), 'as the header that is sent')
    await takePicture(t, page.locator('body'), 'other-origin.png')
  })

  t.test('there the client of the README does its work', async t => {
    const { page, service } = await openPageOfAnotherOrigin(t)
    const client = await readFile(new URL('../example/dist/client.js', import.meta.url), 'utf8')
    const rename = (isbn, title) => page.evaluate(async ([client, ...given]) => {
      const { rename } = await import(`data:text/javascript,${encodeURIComponent(client)}`)
      return rename(...given)
    }, [client, service, isbn, title])
    t.equal(await rename('9780131103627', 'C'), 'The book is now called C')
    t.equal(await rename('9780201038019', 'TAOCP'), 'This book cannot be renamed. It takes GET, HEAD, OPTIONS')
  })

  t.test('and it reads a 404', async t => {
    const { page, service } = await openPageOfAnotherOrigin(t)
    const show = await send(page, 'PUT', `${service}/v1/boks`)
    t.equal(await show('status'), '404 Not Found')
    t.equal(await show('type'), 'application/problem+json')
    t.equal(await show('methods'), 'none')
  })
}

async function startService (t) {
  const app = await buildService()
  t.teardown(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

/** Swagger UI with one operation open. */
async function openDocumentation (t, method, path) {
  const service = await startService(t)
  const page = await openPage(t, chromium)
  await page.goto(`${service}/docs`)
  await page.locator(`.opblock-${method.toLowerCase()} .opblock-summary`).filter({ has: page.locator(`[data-path="${path}"]`) }).click()
  return page
}

async function openPageOfAnotherOrigin (t) {
  const html = await readFile(join(here, 'page.html'))
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html)).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const service = await startService(t)
  const page = await openPage(t, chromium)
  await page.goto(`http://127.0.0.1:${server.address().port}`)
  return { page, service }
}

/** Fills in the form of the page, and gives what to read its fields with once the answer is there. */
async function send (page, method, url) {
  await page.getByLabel('Method').fill(method)
  await page.getByLabel('URL').fill(url)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('#status:not(:empty)').waitFor()
  return id => page.locator(`#${id}`).innerText()
}

async function takePicture (t, element, name) {
  folder ??= await mkdtemp(join(tmpdir(), 'fastify-allowed-methods-'))
  const path = join(folder, name)
  await element.screenshot({ path, animations: 'disabled', style: '.response > td { padding: 10px !important }' })
  t.comment(`picture: ${path}`)
}
