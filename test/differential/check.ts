import { inspect } from 'node:util'
import fc from 'fast-check'
import { type AppSpec, type Item, type Subject, appSpec, build } from './app.js'
import { type Verdict, type Wrong, judge } from './judge.js'
import { type RequestSpec, requestsFor, send } from './request.js'
import { scopesOf } from './scopes.js'

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
  const cases = appSpec.chain(spec => fc.tuple(requestsFor(spec, requests), count ? fc.constant(1) : TIMES, fc.boolean()).map(([requests, times, atOnce]) =>
    ({ spec, requests: requests.flatMap(request => Array.from({ length: times }, () => request)), atOnce })))
  let failed = false
  const property = fc.asyncProperty(cases, async ({ spec: random, requests, atOnce }) => {
    const spec = count ? { ...registeredOnce(random), ...place } : random
    const plain = await build(spec).catch(() => undefined)
    if (plain === undefined) return
    const [tested, optionsAt] = [await build(spec, subject), await scopesOf(spec, plain)]
    result.apps++
    try {
      const answers = atOnce ? await Promise.all(requests.map(async request => await send(tested, request))) : []
      for (const [at, request] of requests.entries()) {
        const { kind, wrong } = await judge(spec, optionsAt, plain, request, answers[at] ?? await send(tested, request), !count)
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

/** An app for other plugins, which have no such options and no scopes. */
function registeredOnce (spec: AppSpec): AppSpec {
  const { pluginAt, items, options: { catchAll = false } } = spec
  return { ...spec, pluginAt: Math.max(0, pluginAt), items: items.map(withoutOptions), options: { catchAll } }

  function withoutOptions (item: Item): Item {
    if ('options' in item) return { prefix: '', items: [] }
    return 'items' in item ? { ...item, items: item.items.map(withoutOptions) } : item
  }
}

class Counterexample extends Error {}

function describe (spec: AppSpec, request: RequestSpec, wrong: Wrong): string {
  return inspect({ ...wrong, request, spec }, { depth: 10, breakLength: 140 })
}
