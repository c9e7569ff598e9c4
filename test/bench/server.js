// A server under load, a process of its own. It speaks with child.js over IPC.
//
// With --expose-gc it collects garbage before a window. The heap's growth over a window is what was allocated,
// as long as nothing was collected in it.

import { once } from 'node:events'
import { Session } from 'node:inspector/promises'
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { routesOf } from './routes.js'

const SAMPLING_INTERVAL = 100 // µs
const { file, routes = 20, ...options } = JSON.parse(process.argv[2])
const { serve } = await import(file)
const server = await serve(routesOf(routes), options)
const session = new Session()
const collections = globalThis.gc === undefined ? undefined : observeCollections()
let begun

const actions = {
  async begin () {
    globalThis.gc?.()
    await collections?.reset()
    begun = { cpu: process.cpuUsage(), heap: process.memoryUsage().heapUsed }
  },
  /** CPU time in µs, and heap in bytes. */
  end () {
    const heap = process.memoryUsage().heapUsed - begun.heap
    const { user, system } = process.cpuUsage(begun.cpu)
    return { cpu: user + system, heap, collections: collections?.count() }
  },
  async beginProfile () {
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL })
    await session.post('Profiler.start')
  },
  async endProfile () {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return profile
  }
}

function observeCollections () {
  let seen = 0
  const observer = new PerformanceObserver(list => { seen += list.getEntries().length })
  observer.observe({ type: 'gc' })
  return {
    /** What was collected is told some turns later. */
    async reset () {
      await sleep(50)
      seen = 0
    },
    count: () => seen + observer.takeRecords().length
  }
}

if (!server.listening) await once(server, 'listening')
process.on('message', async action => process.send({ answer: await actions[action]() }))
process.on('disconnect', () => process.exit())
process.send({ answer: server.address().port })
