// Where the time goes: npm run bench:profile [-- --subject ours --request refused --request matched --seconds 5 --top 20]
//
// Prints the functions that take the most CPU time by themselves, and what each package takes, per request and in per cent.

import { startServer } from './child.js'
import { oneOf, parse, wholeNumber } from './command.js'
import { shareOneCore } from './environment.js'
import { load } from './load.js'
import { REQUESTS } from './routes.js'
import { SUBJECTS } from './subjects.js'

const WARM_UP = 5 // s
const { subject, request: requests, seconds, top } = options()

shareOneCore()

for (const name of requests) {
  const { profile, answers } = await record(REQUESTS[name])
  const times = selfTimes(profile).filter(({ name }) => name !== '(idle)')
  const busy = times.reduce((sum, { time }) => sum + time, 0)
  const tell = ({ time, name, place = '' }) =>
    console.log(`${(time / answers).toFixed(2).padStart(6)} µs ${(100 * time / busy).toFixed(1).padStart(5)} %  ${name}  ${place}`)
  console.log(`\n${SUBJECTS[subject].title}, ${name}: ${answers} requests, ${(busy / answers).toFixed(1)} µs each under the profiler\n`)
  sumBy(times, ({ name, place }) => `${name}  ${place}`).slice(0, top).forEach(tell)
  console.log()
  sumBy(times, ({ name, place }) => packageOf(place) ?? name).forEach(tell)
}

function options () {
  const { subject, request, seconds, top } = parse({
    subject: { type: 'string', default: 'ours' },
    request: { type: 'string', multiple: true, default: ['refused', 'matched'] },
    seconds: { type: 'string', default: '5' },
    top: { type: 'string', default: '20' }
  })
  return {
    subject: oneOf('subject', Object.keys(SUBJECTS), subject),
    request: request.map(name => oneOf('request', Object.keys(REQUESTS), name)),
    seconds: wholeNumber('seconds', seconds),
    top: wholeNumber('top', top)
  }
}

async function record (request) {
  const server = await startServer(SUBJECTS[subject])
  await load(server.port, request, WARM_UP)
  await server.ask('beginProfile')
  const answers = await load(server.port, request, seconds)
  const profile = await server.ask('endProfile')
  await server.stop()
  return { profile, answers }
}

/** @returns of each node of the call tree the function's name, where it is, and its own time in µs */
function selfTimes ({ nodes, samples, timeDeltas }) {
  const times = new Map()
  for (const [i, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + timeDeltas[i])
  return nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) =>
    ({ name: functionName || '(anonymous)', place: url === '' ? '' : `${toPath(url)}:${lineNumber + 1}`, time: times.get(id) ?? 0 }))
}

function toPath (url) {
  return url.replace(/^file:.*\/node_modules\//, '').replace(new URL('../..', import.meta.url).href, '').replace(/^file:.*(?=\/node_modules\/)/, '')
}

/** `node:http` and the like are one; what V8 does itself goes by its name. */
function packageOf (place) {
  if (place === '') return undefined
  return place.startsWith('node:') ? 'node' : /^(?:@[^/]+\/)?[^/:]+/.exec(place)[0]
}

function sumBy (entries, keyOf) {
  const sums = new Map()
  for (const entry of entries) sums.set(keyOf(entry), (sums.get(keyOf(entry)) ?? 0) + entry.time)
  return [...sums].map(([name, time]) => ({ name, time })).sort((a, b) => b.time - a.time)
}
