import { inspect } from 'node:util'
import fc from 'fast-check'
import { type AppSpec, type Subject, appSpec, build } from './app.js'
import { type Verdict, type Wrong, judge } from './judge.js'
import { type RequestSpec, requestsFor } from './request.js'

export interface Result {
  seed: number
  apps: number
  /** Requests judged. */
  cases: number
  /** Cases by the kind of answer that is right, and how many of them were wrong. */
  kinds: Record<Verdict['kind'], { cases: number, wrong: number }>
  /** The smallest counterexample found, readable. */
  failure?: string
}

export interface CheckOptions {
  seed: number
  apps: number
  requests?: number
  /** Look for a smaller counterexample than the first; default true. */
  shrink?: boolean
  /** Count the wrong answers of another plugin rather than stop at the first. */
  count?: boolean
  /** Where the plugin is registered, in the place of what the random app says. */
  place?: Pick<AppSpec, 'pluginAt' | 'awaited'> | undefined
}

/** How often a request is asked in turn: the plugin answers from a table what was asked twice. */
const TIMES = fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 4)

/** Compares random apps with a plugin against the same apps without it, on random requests. */
export async function check (subject: Subject, { seed, apps, requests = 8, shrink = true, count = false, place }: CheckOptions): Promise<Result> {
  const result: Result = {
    seed, apps: 0, cases: 0, kinds: { routed: { cases: 0, wrong: 0 }, 'not allowed': { cases: 0, wrong: 0 }, 'not found': { cases: 0, wrong: 0 } }
  }
  const cases = appSpec.chain(spec => fc.tuple(requestsFor(spec, requests), count ? fc.constant(1) : TIMES).map(([requests, times]) =>
    ({ spec, requests: requests.flatMap(request => Array.from({ length: times }, () => request)) })))
  let failed = false
  const property = fc.asyncProperty(cases, async ({ spec: random, requests }) => {
    const spec = { ...random, ...place, ...(count && { options: {} }) } // other plugins have no such options
    const plain = await build(spec).catch(() => undefined)
    if (plain === undefined) return
    const tested = await build(spec, subject)
    result.apps++
    try {
      for (const request of requests) {
        const { kind, wrong } = await judge(spec, plain, tested, request, !count)
        if (!failed) result.cases++
        result.kinds[kind].cases++
        if (wrong === undefined) continue
        result.kinds[kind].wrong++
        failed = !count
        if (!count) throw new Counterexample(describe(spec, request, wrong))
      }
    } finally {
      await Promise.all([plain.close(), tested.close()])
    }
  })
  const details = await fc.check(property, { seed, numRuns: apps, endOnFailure: !shrink })
  if (details.failed) {
    const error = details.errorInstance as Error
    result.failure = error instanceof Counterexample ? error.message : inspect(error)
  }
  return result
}

class Counterexample extends Error {}

function describe (spec: AppSpec, request: RequestSpec, wrong: Wrong): string {
  return inspect({ ...wrong, request, spec }, { depth: 10, breakLength: 140 })
}
