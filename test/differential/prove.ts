import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Result, check } from './check.js'
import { published } from './subject.js'

// Proves the claim on many random cases, on every core: npm run prove -- --cases 1000000 --seed 1
const { values } = parseArgs({ options: { cases: { type: 'string', default: '1000000' }, seed: { type: 'string', default: String(Date.now() % 2 ** 31) } } })
const [cases, seed] = [toWholeNumber('cases', values.cases), toWholeNumber('seed', values.seed)]
const APPS = 250

if (process.send === undefined) await lead()
else process.on('message', seed => { check(published, { seed: Number(seed), apps: APPS }).then(result => process.send?.(result)) })

/** Hands out seeds until enough cases were judged, or one was wrong. */
async function lead (): Promise<void> {
  const started = Date.now()
  const total = { cases: 0, apps: 0, routed: 0, 'not allowed': 0, 'not found': 0 }
  let failure: string | undefined
  let next = seed
  let printed = 0
  await Promise.all(Array.from({ length: availableParallelism() }, async () => {
    const worker = fork(import.meta.filename)
    while (total.cases < cases && failure === undefined) {
      add(await ask(worker, next++))
      if (total.cases - printed >= 50_000) console.log(`${printed = total.cases} cases, ${Math.round((Date.now() - started) / 1000)} s`)
    }
    worker.disconnect()
  }))
  console.log(failure ?? '')
  console.log(`cases ${total.cases} (${total['not allowed']} not allowed, ${total['not found']} not found, ${total.routed} routed), apps ${total.apps}`)
  console.log(`seeds ${seed} to ${next - 1}, ${Math.round((Date.now() - started) / 1000)} s, Node.js ${process.version}`)
  console.log(`failures ${failure === undefined ? 0 : 1}`)
  process.exitCode = failure === undefined ? 0 : 1

  function add ({ cases, apps, kinds, seed, failure: found }: Result): void {
    total.cases += cases
    total.apps += apps
    for (const kind of ['routed', 'not allowed', 'not found'] as const) total[kind] += kinds[kind].cases
    if (found !== undefined) failure = `seed ${seed}: ${found}`
  }
}

async function ask (worker: ChildProcess, seed: number): Promise<Result> {
  worker.send(seed)
  const controller = new AbortController()
  const [result] = await Promise.race([
    once(worker, 'message', controller),
    once(worker, 'exit', controller).then(([code]) => { throw new Error(`a worker ended with ${code} on seed ${seed}`) })
  ])
  controller.abort()
  return result as Result
}

function toWholeNumber (name: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value)
  console.error(`--${name} must be a whole number, got '${value}'`)
  process.exit(1)
}
