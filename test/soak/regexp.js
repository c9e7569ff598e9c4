// Slow regular expressions that the router's own guard lets through: CPU time of our check over that of the router for one method.

import Fastify from 'fastify'
import allowedMethods from 'fastify-allowed-methods'

const CASES = [
  { pattern: '/:a(^a*a*a*a*b$)', url: `/${'a'.repeat(60)}` },
  { pattern: '/:a(^a*a*a*a*$)', url: `/${'a'.repeat(60)}!` },
  { pattern: '/:a(^\\d*x?\\d*x?\\d*!$)-:b(^\\w*\\w*\\w*!$)', url: `/${'1'.repeat(50)}-${'a'.repeat(50)}` },
  { pattern: '/:a-:b-:c-:d-:e.x', url: `/${'-'.repeat(60)}` },
  { pattern: '/:a(^a*a*a*c|a*$)-:b', url: `/${'a'.repeat(90)}-x` }, // matches
  { pattern: '/:a(^a*a*a*c|a*$)-:b', url: `/${'a'.repeat(150)}-x` } // matches, with a parameter that is too long
]

const REFUSED = '/:a(^(a+)+$)'
const ROUNDS = 15

/** A tenth for the noise of the machine, and in microseconds of CPU what a check takes whatever the pattern is. */
const NOISE = 1.1
const OVERHEAD = 10

/** @returns a row for each case, times in microseconds of CPU: `{ pattern, length, routes, methods, router, check, ratio, isSlow }` */
export async function measureRegExps () {
  const rows = []
  for (const { pattern, url } of CASES) {
    for (const all of [false, true]) rows.push(await measure(pattern, url, all))
  }
  return rows
}

/** Tells whether the router's guard works at all. */
export function isGuarded () {
  try {
    Fastify().get(REFUSED, async () => 'a')
    return false
  } catch {
    return true
  }
}

/** The router is asked before and after each check, so that a machine that changes its speed matters less. */
async function measure (pattern, url, all) {
  const app = Fastify()
  app.register(allowedMethods)
  app.get('/', async () => 'root')
  app.route({ method: all ? app.supportedMethods : 'GET', url: pattern, exposeHeadRoute: false, handler: async () => 'a' })
  await app.ready()
  app.allowedMethods('/')
  const askRouter = () => app.findRoute({ method: 'GET', url })
  const times = repeatsFor(askRouter)
  const pairs = Array.from({ length: ROUNDS }, () => {
    const before = cpuOf(askRouter, times)
    const check = cpuOf(() => app.allowedMethods(url), times)
    return { router: (before + cpuOf(askRouter, times)) / 2 / times, check: check / times }
  })
  const methods = app.supportedMethods.length
  await app.close()
  const [router, check, ratio] = [pairs.map(pair => pair.router), pairs.map(pair => pair.check), pairs.map(pair => pair.check / pair.router)].map(median)
  return { pattern, length: url.length, routes: all ? methods : 1, methods, router, check, ratio, isSlow: check > methods * router * NOISE + OVERHEAD }
}

/** As often as takes 5 ms. */
function repeatsFor (what) {
  let times = 1
  while (cpuOf(what, times) < 5000) times *= 2
  return times
}

function cpuOf (what, times) {
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) what()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function median (numbers) {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]
}
