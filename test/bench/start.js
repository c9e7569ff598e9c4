// Builds an app with 10,000 routes, tells CPU time in µs until it is ready and its heap in bytes then, and ends.
// Loading the modules is part of the heap, not of the time.

import { routesOf } from './routes.js'
import { build } from './servers/fastify.js'

const { plugin } = JSON.parse(process.argv[2])
const routes = routesOf(10_000)
if (plugin === 'first' || plugin === 'last') await import('fastify-allowed-methods')
globalThis.gc()
const begun = process.cpuUsage()
const app = await build(routes, { plugin })
await app.ready()
const { user, system } = process.cpuUsage(begun)
globalThis.gc()
const { heapUsed } = process.memoryUsage()
process.send({ answer: { cpu: user + system, heap: heapUsed } }, () => app.close().then(() => process.exit()))
