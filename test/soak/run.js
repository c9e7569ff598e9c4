// Load and abuse over sockets: npm run soak [-- --requests 1000000 --seed 1 --record]

import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { abuses } from './abuse.js'
import { startServer } from './child.js'
import { closeAmidTraffic } from './close.js'
import { ABUSERS, CONNECTIONS, load } from './load.js'
import { isGuarded, measureRegExps } from './regexp.js'

const CHECKPOINTS = 10
const CLOSES = 10
/** Over the heap at the second checkpoint. Of the 800,000 requests after it, a pointer kept for each would be six times that. */
const HEAP_BOUND = 1024 * 1024

const { values: options } = parseArgs({
  options: { requests: { type: 'string', default: '1000000' }, seed: { type: 'string' }, record: { type: 'boolean', default: false } }
})
const requests = Number(options.requests)
const seed = Number(options.seed ?? Date.now() % 2 ** 32)
const failures = []
const figures = []

await soak()
await closeOften()
await compareRegExps()
await report()

async function soak () {
  const server = await startServer()
  const counts = {}
  const heaps = []
  let abused = 0
  for (let checkpoint = 0; checkpoint < CHECKPOINTS; checkpoint++) {
    const result = await load(server.port, Math.floor((requests + checkpoint) / CHECKPOINTS), seed + checkpoint)
    for (const [status, count] of Object.entries(result.counts)) counts[status] = (counts[status] ?? 0) + count
    abused += result.abused
    const { heap, failures: thrown } = await server.ask('memory')
    heaps.push(heap)
    failures.push(...result.failures, ...thrown)
    console.log(`${(checkpoint + 1) * 100 / CHECKPOINTS} %: heap ${megabytes(heap)} MB, ${failures.length} failures`)
  }
  const growth = Math.max(...heaps.slice(2)) - heaps[1]
  if (growth > HEAP_BOUND) failures.push(`the heap has grown by ${megabytes(growth)} MB`)
  const closed = await closeAmidTraffic(server, seed)
  failures.push(...closed.failures)

  tell(`requests over ${CONNECTIONS} connections at a time, each answered as expected`, Object.values(counts).reduce((a, b) => a + b))
  tell('answers by status', Object.entries(counts).map(([status, count]) => `${status}: ${count}`).join(', '))
  tell(`connections abused, ${ABUSERS} at a time, in ${Object.keys(abuses).length} ways`, abused)
  tell('heap after garbage collection at each checkpoint, MB', heaps.map(megabytes).join(', '))
  tell(`growth after the second checkpoint, MB; the bound is ${megabytes(HEAP_BOUND)}`, megabytes(growth))
  tell('close() at the end, amid traffic', toSentence(closed))
}

async function closeOften () {
  const total = { accepted: 0, answered: 0, dismissed: 0, lost: 0 }
  for (let i = 0; i < CLOSES; i++) {
    const closed = await closeAmidTraffic(await startServer(), seed + CHECKPOINTS + i)
    failures.push(...closed.failures)
    for (const name of Object.keys(total)) total[name] += closed[name]
  }
  tell(`close() of ${CLOSES} more apps, amid traffic`, toSentence(total))
}

async function compareRegExps () {
  if (!isGuarded()) failures.push("the router's guard lets every regular expression through")
  for (const { pattern, length, routes, methods, router, check, ratio, isSlow } of await measureRegExps()) {
    const what = `\`${pattern.replaceAll('|', '\\|')}\` for ${routes} of ${methods} methods, URL of ${length} characters`
    const figure = `check ${check.toFixed(1)} µs, router ${router.toFixed(1)} µs, ratio ${ratio.toFixed(2)}`
    tell(`CPU time, ${what}`, figure)
    if (isSlow) failures.push(`slow: ${what}: ${figure}`)
  }
}

function tell (what, figure) {
  figures.push(`| ${what} | ${figure} |`)
}

function toSentence ({ accepted, answered, dismissed, lost }) {
  return `${accepted} requests accepted, ${answered} answered whole, ${dismissed} pipelined behind an answer with connection: close, ${lost} lost`
}

function megabytes (bytes) {
  return (bytes / 1024 / 1024).toFixed(2)
}

async function report () {
  const table = ['| what | figure |', '| --- | --- |', ...figures].join('\n')
  console.log(`\n${table}\n\nseed ${seed}, ${failures.length} failures`)
  for (const failure of failures.slice(0, 20)) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
  else if (options.record) await record(table)
}

async function record (table) {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  const { version: fastify } = createRequire(import.meta.url)('fastify/package.json')
  await writeFile(new URL('RESULT.md', import.meta.url), `# Load and abuse

\`npm run soak -- --requests ${requests} --seed ${seed} --record\`, ${new Date().toISOString().slice(0, 10)},
fastify-allowed-methods ${version}, Fastify ${fastify}, Node.js ${process.versions.node}:
no failure, no unhandled rejection, no open handle after close().
The CPU time of a check may be that of the router for one method, times the methods, plus a tenth for noise and 10 µs.

${table}
`)
}
