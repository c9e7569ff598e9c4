import { createRequire } from 'node:module'
import type { FastifyPluginCallback } from 'fastify'
import fastifyAllowedMethods from 'fastify-allowed-methods'
import type { Subject } from './app.js'
import { compareBehaviour } from './behaviour.js'
import { check } from './check.js'
import { published } from './subject.js'

// The same random apps and requests for each plugin; a table of how many answers were wrong: npm run scoreboard
const require = createRequire(new URL('../peers/package.json', import.meta.url))
const fastifyAllow: FastifyPluginCallback<{ send405: boolean, send405ForWildcard: boolean }> = require('fastify-allow').default
const { version: fastify } = createRequire(import.meta.url)('fastify/package.json')
const [SEED, APPS] = [1, 1000]

/** Registered first and awaited, as its README asks, with the option that fits the app. */
const allow: Subject = (app, _spec, { catchAll = false }) => app.register(fastifyAllow, { send405: true, send405ForWildcard: catchAll })
const plain: Subject = app => app.register(async () => {})
const first = { pluginAt: 0, awaited: true }

console.log('| behaviour | fastify-allowed-methods | fastify-allow | no plugin |\n|---|---|---|---|')
const rows = await compareBehaviour([app => app.register(fastifyAllowedMethods), app => app.register(fastifyAllow, { send405: true, send405ForWildcard: false }), () => {}])
console.log(`${rows.join('\n')}\n`)

console.log('| wrong answers | known URL, method not routed | unknown URL | routed | of all |\n|---|---|---|---|---|')
for (const [name, subject, place] of [
  ['fastify-allowed-methods', published, undefined],
  ['fastify-allowed-methods, registered first', published, first],
  [`fastify-allow ${require('fastify-allow/package.json').version}, registered first`, allow, first],
  ['no plugin', plain, undefined]
] as const) {
  const { cases, kinds } = await check(subject, { seed: SEED, apps: APPS, count: true, place })
  const wrong = Object.values(kinds).reduce((sum, kind) => sum + kind.wrong, 0)
  console.log(`| ${name} | ${[kinds['not allowed'], kinds['not found'], kinds.routed, { cases, wrong }].map(toShare).join(' | ')} |`)
}
console.log(`\nseed ${SEED}, Fastify ${fastify}, Node.js ${process.version}`)

function toShare ({ cases, wrong }: { cases: number, wrong: number }): string {
  return `${wrong} of ${cases} (${(100 * wrong / cases).toFixed(1)} %)`
}
