import { runOnce, startServer } from './child.js'
import { load } from './load.js'
import { REQUESTS } from './routes.js'
import { STARTS, SUBJECTS } from './subjects.js'

const WARM_UP = 3 // s
const WINDOW = 1 // s

/**
 * For how many rounds a process serves before a new one takes its place. What V8 makes of the same code may differ between two processes;
 * but what else the machine does differs far more from one second to the next, so that many windows tell more than many processes.
 */
export const ROUNDS_PER_PROCESS = 5

/**
 * As much room for new objects as Node.js gives at most. By default each process grows into it by itself, one soon and another never,
 * and that decides more than what is measured: up to a third of the CPU time, also between two processes of the same server.
 */
const SAME_ROOM = ['--min-semi-space-size=16']

/** So much room for new objects that none is collected in a window. */
const NO_COLLECTIONS = ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024']

/**
 * Loads servers one after the other, in each round in another order.
 *
 * @param figure `'cpu'` for CPU time per request in µs, `'heap'` for bytes allocated per request
 * @returns the figures by round: of each an object by subject
 */
export async function compare ({ request, subjects, figure = 'cpu' }, rounds) {
  const result = []
  while (result.length < rounds) {
    const servers = await startAll(rotated(subjects, result.length), request, figure)
    try {
      do result.push(await inTurn(subjects, result.length, name => measure(servers[name], request, figure)))
      while (result.length < rounds && result.length % ROUNDS_PER_PROCESS > 0)
    } finally {
      await Promise.all(Object.values(servers).map(server => server.stop()))
    }
  }
  return result
}

/**
 * Starts apps with 10,000 routes in the same way, each in a process of its own.
 *
 * @returns by round `{ 'first cpu': 412345, 'first heap': 71234567, … }`, in µs and bytes
 */
export async function compareStarts (rounds) {
  const result = []
  while (result.length < rounds) {
    const started = await inTurn(Object.keys(STARTS), result.length, name => runOnce('start.js', STARTS[name], ['--expose-gc']))
    result.push(Object.fromEntries(Object.entries(started).flatMap(([name, { cpu, heap }]) => [[`${name} cpu`, cpu], [`${name} heap`, heap]])))
  }
  return result
}

async function startAll (subjects, request, figure) {
  const servers = {}
  for (const name of subjects) {
    servers[name] = await startServer(SUBJECTS[name], figure === 'heap' ? NO_COLLECTIONS : SAME_ROOM)
    await load(servers[name].port, REQUESTS[request], WARM_UP)
  }
  return servers
}

async function measure (server, request, figure) {
  await server.ask('begin')
  const answers = await load(server.port, REQUESTS[request], WINDOW)
  const result = await server.ask('end')
  if (result.collections > 0) throw new Error(`${result.collections} garbage collections in a window that must have none`)
  return result[figure] / answers
}

async function inTurn (names, round, measure) {
  const figures = {}
  for (const name of rotated(names, round)) figures[name] = await measure(name)
  return figures
}

function rotated (names, round) {
  const at = round % names.length
  return [...names.slice(at), ...names.slice(0, at)]
}
