import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, HTTPMethods, LightMyRequestResponse } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsInUse, constraintsOf } from './constraints.js'
import { InvalidArgumentError, show } from './errors.js'
import type { Settings } from './options.js'
import { faultOf } from './problem.js'
import { toAllow } from './reply.js'
import { isImplemented } from './not-found.js'
import { methodsFor } from './routed.js'
import { samplesOf } from './sample.js'
import { type Installation, installationOf, settingsFor } from './scope.js'
import { customConstraints } from './warnings.js'

/** Options of `findWrongAnswers`. */
export interface FindWrongAnswersOptions {
  /** Values for parameters, by name; `*` names that of a wildcard. Default: chosen to fit the pattern of the route. */
  params?: Record<string, string>
  /** Header fields of every request, such as credentials. Default: those that the version and host of a route ask for. */
  headers?: Record<string, string>
  /** Route patterns to leave out, such as `/docs/*`. Default: none. */
  ignore?: (string | RegExp)[]
}

/** An answer that breaks the contract, or what kept an answer from being checked. */
export interface WrongAnswer {
  method: string
  /** What was asked; the pattern of the route, where nothing could be. */
  url: string
  expected: unknown
  actual: unknown
}

/** The wrong answers: none where each 405 is right. */
export interface WrongAnswers extends Array<WrongAnswer> {
  /** How many answers were checked. It is not enumerable, so that no wrong answer compares equal to `[]`. */
  readonly checks: number
}

/**
 * Asks each recorded URL with each method that is not routed there, and gives the answers that are not the 405 that the contract
 * promises: its status, its exact `Allow`, its media type, and a body that satisfies the schema.
 *
 * It starts the app, if need be, and injects requests. No handler of a route is called. Where a scope hides a URL (the option `allow`)
 * there is nothing to check.
 *
 * @returns the wrong answers, as plain objects. A route for which it knows no URL is one of them, and tells what is missing
 * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` where the app does not use the plugin, where an option is ill-typed, or where there
 *   is nothing to check
 */
export async function findWrongAnswers (app: FastifyInstance, options: FindWrongAnswersOptions = {}): Promise<WrongAnswers> {
  const { params = {}, headers: given = {}, ignore = [] } = checkArgument(options)
  await app.ready()
  const installation = installationOf(app)
  if (installation === undefined) throw new InvalidArgumentError('findWrongAnswers takes an app that has registered fastify-allowed-methods')
  const custom = customConstraints(app, installation.record)
  const asked = new Set<string>()
  const wrong: WrongAnswer[] = []
  let checks = 0
  for (const [pattern, methods] of installation.record.methodsByUrl) {
    if (ignore.some(ignored => typeof ignored === 'string' ? ignored === pattern : ignored.test(pattern))) continue
    for (const constraints of constraintsFor(app, installation, pattern, methods)) await checkRoute(pattern, [...methods], constraints)
  }
  if (checks + wrong.length === 0) throw new InvalidArgumentError('findWrongAnswers takes an app with a URL to check, and found none')
  return Object.defineProperty(wrong, 'checks', { value: checks }) as unknown as WrongAnswers

  async function checkRoute (pattern: string, methods: string[], constraints: ConstraintValues): Promise<void> {
    const headers = { ...toHeaders(constraints), ...given }
    const values = constraintsInUse(app, { ...constraints, version: headers['accept-version'], host: headers.host })
    const urls = samplesOf(pattern, params, ({ url, names }) => methods.some(method => {
      const match = app.findRoute({ method: method as HTTPMethods, url, constraints: values })
      return match !== null && isDeepStrictEqual(Object.keys(match.params), names)
    }))
    const missing = (what: string) => wrong.push({ method: methods.join(', '), url: pattern, expected: what, actual: 'nothing to ask' })
    if (typeof urls === 'string') {
      missing(`a value in params or headers for '${urls}'`)
      return
    }
    for (const url of urls) {
      const key = JSON.stringify([url, headers])
      if (!asked.has(key) && !await checkUrl(url, headers, methods)) missing(`headers for the constraints ${show(constraints)}`)
      asked.add(key)
    }
  }

  /** @returns false where the route is not found by these headers */
  async function checkUrl (url: string, headers: Record<string, string>, methods: string[]): Promise<boolean> {
    const settings = settingsFor(app, url)
    if (settings === undefined) return true
    if (custom.length > 0 && settings.constraints === undefined) {
      throw new InvalidArgumentError(`findWrongAnswers needs the option 'constraints' of the plugin, where the app has custom constraints (${custom.join(', ')})`)
    }
    const { request } = await check(NOT_ROUTED, url, headers, settings)
    if (request === undefined) return true
    const search = { url: request.raw.url as string, constraints: await constraintsOf(request, settings.constraints) }
    const isRouted = (method: string) => app.findRoute({ ...search, method: method as HTTPMethods }) !== null
    if (!methods.some(isRouted)) return false
    for (const method of app.supportedMethods) {
      if (!isRouted(method)) await check(method, url, headers, settings)
    }
    return true
  }

  async function check (method: string, url: string, headers: Record<string, string>, settings: Settings): Promise<{ request?: AnyRequest }> {
    const { reply, request } = await ask(app, installation as Installation, { method, url, headers })
    const expected = request === undefined ? { status: 405 } : await promisedTo(request, settings)
    if (expected === undefined) return { request }
    checks++
    const actual = toAnswer(reply, settings, expected)
    if (!isDeepStrictEqual(actual, expected)) wrong.push({ method, url, expected, actual })
    return { request }
  }
}

/** A method that no route of an app takes, unless the app has added it. */
const NOT_ROUTED = 'MKCALENDAR'

interface Answer {
  status: number
  allow?: unknown
  mediaType?: unknown
  /** `valid`, or what is wrong with the body. */
  problem?: string
}

/** What the contract promises for a request that no route takes; undefined where that is the app's own 404. */
async function promisedTo (request: AnyRequest, settings: Settings): Promise<Answer | undefined> {
  const problem = { ...(!settings.throw && { mediaType: 'application/problem+json' }) }
  if (settings.notImplemented && !isImplemented(request, settings)) return { status: 501, ...problem }
  const methods = await methodsFor(request, settings)
  if (methods.length === 0) return undefined
  if (request.method === 'OPTIONS' && settings.answerOptions) return { status: 204, allow: toAllow([...methods, 'OPTIONS'].sort()) }
  return { status: 405, allow: toAllow(methods), ...problem, ...(!settings.throw && request.method !== 'HEAD' && { problem: 'valid' }) }
}

/** The answer that a reply is, as far as one is expected. */
function toAnswer (reply: LightMyRequestResponse, { check, problem }: Settings, expected: object): object {
  const { allow, 'content-type': mediaType } = reply.headers
  const answer: Answer = { status: reply.statusCode, allow, mediaType, problem: judge() }
  return Object.fromEntries(Object.entries(answer).filter(([name]) => name in expected))

  function judge (): string {
    try {
      const body = JSON.parse(reply.payload)
      const isOther = problem === undefined && Array.isArray(body.allow) && toAllow(body.allow) !== allow
      return faultOf(body, check) ?? (isOther ? `'/allow' differs from Allow, got ${show(body.allow)}` : 'valid')
    } catch (error) {
      return (error as Error).message
    }
  }
}

/** Sends a request that no route takes, and gives what Fastify made of it; no request where a hook replied before the plugin saw it. */
async function ask (app: FastifyInstance, installation: Installation, request: { method: string, url: string, headers: Record<string, string> }) {
  const seen = new Map<unknown, AnyRequest>()
  installation.observe = request => { seen.set(request.raw, request) }
  try {
    const reply = await app.inject({ ...request, method: request.method as HTTPMethods })
    return { reply, request: seen.get(reply.raw.req) }
  } finally {
    delete installation.observe
  }
}

/** Each set of constraints under which a pattern has a route. */
function constraintsFor (app: FastifyInstance, { record }: Installation, pattern: string, methods: ReadonlySet<string>): ConstraintValues[] {
  const constrained = record.constraintsByUrl.get(pattern) ?? []
  const isFree = constrained.length === 0 || [...methods].some(method => app.hasRoute({ method: method as HTTPMethods, url: pattern }))
  return [...constrained, ...(isFree ? [{}] : [])]
}

function toHeaders ({ version, host }: ConstraintValues): Record<string, string> {
  return { ...(typeof version === 'string' && { 'accept-version': version }), ...(typeof host === 'string' && { host }) }
}

function checkArgument (options: FindWrongAnswersOptions): FindWrongAnswersOptions {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'ignore') {
      if (Array.isArray(value) && value.every(item => typeof item === 'string' || item instanceof RegExp)) continue
      throw new InvalidArgumentError(`option 'ignore' must be an array of route patterns and regular expressions, got ${show(value)}`)
    }
    if (name !== 'params' && name !== 'headers') {
      throw new InvalidArgumentError(`option '${name}' does not exist, got ${show(value)}; the options are params, headers, ignore`)
    }
    if (typeof value !== 'object' || value === null || !Object.values(value).every(item => typeof item === 'string')) {
      throw new InvalidArgumentError(`option '${name}' must be an object of strings, got ${show(value)}`)
    }
  }
  return options
}
