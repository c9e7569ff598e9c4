import { randomUUID } from 'node:crypto'
import { METHODS } from 'node:http'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, HTTPMethods, LightMyRequestResponse } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsInUse, constraintsOf } from './constraints.js'
import { InvalidArgumentError, ensure, isObject, show } from './errors.js'
import type { Settings } from './options.js'
import { faultOf, toMethodNotAllowed, toRefusal } from './problem.js'
import { toAllow } from './reply.js'
import type { RouteRecord } from './record.js'
import { findMethods, isImplemented } from './routed.js'
import { samplesOf } from './sample.js'
import { type Installation, type Probe, expectInstallation, installationOf, settingsFor } from './scope.js'
import { routedUrl, withRoutedSlashes } from './target.js'
import { customConstraints, strategiesOf } from './warnings.js'

/** Options of `findWrongAnswers`. */
export interface FindWrongAnswersOptions {
  /** Values for parameters, by name; `*` is the name of a wildcard. Default: chosen to fit the pattern of the route. */
  params?: Record<string, string> | undefined
  /** Header fields of every request, such as credentials. Default: only those that a route's version and host require. */
  headers?: Record<string, string> | undefined
  /** Route patterns to leave out, such as `/docs/*`. Default: none. */
  ignore?: readonly (string | RegExp)[] | undefined
}

/** An answer that is not the promised one, or the reason why an answer could not be checked. */
export interface WrongAnswer {
  method: string
  /** The URL that was requested; the pattern of the route, if none could be. */
  url: string
  expected: unknown
  actual: unknown
}

/** The wrong answers; empty if all answers are right. */
export interface WrongAnswers extends Array<WrongAnswer> {
  /** How many answers were checked. It is not enumerable, so that a list without wrong answers equals `[]`. */
  readonly checks: number
}

/**
 * Requests each recorded URL with each method that Fastify supports and that is not routed there, and with one that it does not support.
 * Returns the answers that are not what the README promises: a 405 with the exact `Allow`, the media type and the body; or what the
 * options make of it. A hook of the app may add to the body; with the option `problem`, it may be any that satisfies the schema.
 *
 * It starts the app if necessary, and injects the requests. No route handler is called. A URL that the option `allow` hides is not checked.
 *
 * @returns the wrong answers, as plain objects. A route for which no URL can be made is one of them, and says what is missing
 * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` if the app does not use the plugin, if an option has the wrong type, or if there is
 *   nothing to check
 */
export async function findWrongAnswers (of: Pick<FastifyInstance, 'hasDecorator'>, options: FindWrongAnswersOptions = {}): Promise<WrongAnswers> {
  const app = of as FastifyInstance
  const { params = {}, headers: given = {}, ignore = [] } = checkArguments(app, options)
  const lowerCased = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  await (installationOf(app)?.root ?? app).ready()
  const installation = expectInstallation(app, 'findWrongAnswers')
  const { record } = installation
  installation.probe = probeOf
  const { methodsByUrl } = record // read first, which completes the record
  const custom = customConstraints(installation)
  const unsupported = METHODS.find(method => !app.supportedMethods.includes(method))
  const wrong: WrongAnswer[] = []
  const urlsAsked = new Set<string>()
  let checks = 0
  for (const [pattern, methods] of methodsByUrl) {
    if (ignore.some(ignored => typeof ignored === 'string' ? ignored === pattern : pattern.search(ignored) !== -1)) continue
    for (const [constraints, routed] of constraintsFor(app, record, pattern, [...methods])) await checkRoute(pattern, routed, constraints)
  }
  if (checks + wrong.length === 0) throw new InvalidArgumentError('findWrongAnswers takes an app with a URL to check, and found none that is recorded and that the option `allow` leaves')
  return Object.defineProperty(wrong, 'checks', { value: checks }) as unknown as WrongAnswers

  async function checkRoute (pattern: string, methods: string[], constraints: ConstraintValues): Promise<void> {
    const headers = { ...lowerCased, ...toHeaders(constraints) }
    const values = constraintsInUse(app, { ...constraints, version: headers['accept-version'], host: headers.host })
    const urls = samplesOf(pattern, params, ({ url, names }, byName) => methods.some(method => {
      const match = app.findRoute({ method: method as HTTPMethods, url, constraints: values })
      if (match === null) return false
      const [found, unique] = [Object.keys(match.params), [...new Set(names)]]
      return byName ? isDeepStrictEqual(found, unique) : found.length >= unique.length
    }))
    const missing = (expected: string): void => { wrong.push({ method: methods.join(', '), url: pattern, expected, actual: 'nothing to ask' }) }
    if (typeof urls === 'string') return missing(`a value in params or headers for '${urls}'`)
    for (const url of urls) {
      const key = inspect([url, constraints])
      if (urlsAsked.has(key)) continue
      urlsAsked.add(key)
      const first = unsupported ?? METHODS.find(method => app.findRoute({ method: method as HTTPMethods, url, constraints: values }) === null)
      const seen = first === undefined ? undefined : await checkAnswer(first, url, headers)
      if (seen === undefined) continue
      const search = { url: routedUrl(seen.request), constraints: seen.constraints }
      const isRouted = (method: string) => app.findRoute({ ...search, method: method as HTTPMethods }) !== null
      const isOther = custom.some(name => constraints[name] !== undefined && !isReached(app, name, constraints[name], seen.constraints?.[name]))
      if (isOther || !methods.some(isRouted)) {
        missing(search.url === url ? `a route at '${url}', by headers for the constraints ${show(constraints)}` : `a route at '${search.url}', to which '${url}' was rewritten`)
        continue
      }
      for (const method of app.supportedMethods) {
        if (method !== first && !isRouted(method)) await checkAnswer(method, url, headers)
      }
    }
  }

  /** @returns what the plugin saw; undefined if the plugin is not registered there, or if a hook replied before it or an option failed, which are wrong answers */
  async function checkAnswer (method: string, url: string, headers: Record<string, string>): Promise<Seen | undefined> {
    let seeing: Promise<Seen> | undefined
    const probe: Probe = { method, url: new URL(`http://localhost${url}`).pathname, see: request => { seeing = see(installation, request) } }
    const id = randomUUID()
    probes.set(id, probe)
    const reply = await app.inject({ method: method as HTTPMethods, url: probe.url, headers: { ...headers, [PROBE]: id } })
    probes.delete(id)
    const seen = await seeing
    const settings = seen === undefined ? settingsFor(installation, url) : seen.settings
    if (settings === undefined) return
    if (custom.length > 0 && settings.constraints === undefined) {
      throw new InvalidArgumentError(`findWrongAnswers needs the option 'constraints' of the plugin, where the app has custom constraints (${custom.join(', ')})`)
    }
    if (seen === undefined) return report('an answer of the plugin', `${reply.statusCode}, by a hook before it`)
    if (seen.failure !== undefined) return report('options that do not fail', seen.failure)
    if (seen.promised !== undefined) report(seen.promised, toAnswer(reply, seen.request, settings, seen.promised))
    return seen

    function report (expected: Answer | string, actual: object | string): undefined {
      checks++
      if (!isDeepStrictEqual(actual, expected)) wrong.push({ method, url, expected, actual })
    }
  }
}

/** The header that marks a probe. A hook may pass it on to a request of its own, which then has another method or URL. */
const PROBE = 'x-fastify-allowed-methods-probe'
const probes = new Map<unknown, Probe>()

function probeOf (request: AnyRequest): Probe | undefined {
  const probe = probes.get(request.raw.headers[PROBE])
  return probe?.method === request.method && probe.url === request.originalUrl ? probe : undefined
}

interface Answer { status: number, allow?: string | undefined, mediaType?: string | undefined, problem?: string }

/** What the plugin saw of a probe, and what its options made of that. */
interface Seen {
  request: AnyRequest
  settings: Settings | undefined
  constraints?: ConstraintValues
  /** The answer that is promised, if any. */
  promised?: Answer | undefined
  /** The message of an error that an option has thrown. */
  failure?: string
}

/** Asks the options while the request is under way: what they read from it or its context may be gone once it has been answered. */
async function see (installation: Installation, request: AnyRequest): Promise<Seen> {
  const settings = settingsFor(installation, routedUrl(request))
  if (settings === undefined) return { request, settings }
  try {
    const asked = [constraintsOf(installation, request, settings.constraints), promisedTo(installation, request, settings)] as const
    const [constraints, promised] = await Promise.all(asked)
    return { request, settings, constraints, promised }
  } catch (error) {
    return { request, settings, failure: (error as Error).message || String(error) }
  }
}

/** What is promised for a request; undefined if a route takes it, or if that is the app's own 404. */
async function promisedTo (installation: Installation, request: AnyRequest, settings: Settings): Promise<Answer | undefined> {
  const problem = settings.throw ? {} : { mediaType: 'application/problem+json', ...(request.method !== 'HEAD' && { problem: 'valid' }) }
  if (settings.notImplemented && !isImplemented(installation, request, settings)) return { status: 501, ...problem }
  const { methods } = await findMethods(installation, request, settings, true)
  if (methods.length === 0) return undefined
  if (request.method === 'OPTIONS' && settings.answerOptions) return { status: 204, allow: toAllow([...methods, 'OPTIONS'].sort()) }
  return { status: 405, allow: toAllow(methods), ...problem }
}

/** Those parts of a reply that are promised, for comparison. */
function toAnswer (reply: LightMyRequestResponse, request: AnyRequest, settings: Settings, promised: Answer): object {
  const { allow, 'content-type': mediaType } = reply.headers
  const answer = { status: reply.statusCode, allow, mediaType, problem: judge() }
  return Object.fromEntries(Object.entries(answer).filter(([name]) => name in promised))

  function judge (): string {
    try {
      const body = JSON.parse(reply.payload)
      const fault = promised.status === 405 ? faultOf(body, settings.check) : undefined
      const other = Object.entries(members()).find(([name, value]) => !isDeepStrictEqual(body[name], value))
      return fault ?? (other === undefined ? 'valid' : `'/${other[0]}' must be ${show(other[1])}, got ${show(body[other[0]])}`)
    } catch (error) {
      return (error as Error).message
    }
  }

  /** What the body must contain; a hook of the app may add to it. */
  function members (): object {
    if (promised.status === 501) return toRefusal(request, 501)
    if (settings.problem !== undefined) return {}
    return JSON.parse(toMethodNotAllowed(request, { methods: (promised.allow as string).split(', ') }, settings) as string)
  }
}

/** Each set of constraints under which a pattern has routes, with the methods of those routes. */
function constraintsFor (app: FastifyInstance, { constraintsByUrl }: RouteRecord, pattern: string, methods: string[]): [ConstraintValues, string[]][] {
  const constrained = constraintsByUrl.get(pattern) ?? []
  const url = withRoutedSlashes(app, pattern === '*' ? '/*' : pattern) // as hasRoute finds it
  const under = (constraints: ConstraintValues) => methods.filter(method => app.hasRoute({ method: method as HTTPMethods, url, constraints }))
  const isFree = constrained.length === 0 || under({}).length > 0
  return [...constrained, ...(isFree ? [{}] : [])].map(constraints => [constraints, under(constraints)])
}

/** Tells whether a request with this value of a custom constraint gets to the routes that were declared for another value: their strategy decides. */
function isReached (app: FastifyInstance, name: string, declared: unknown, value: unknown): boolean {
  const storage = strategiesOf(app)[name]?.storage()
  if (storage === undefined || value === undefined) return isDeepStrictEqual(declared, value)
  storage.set(declared, {})
  return Boolean(storage.get(value))
}

function toHeaders ({ version, host }: ConstraintValues): Record<string, string> {
  return { ...(typeof version === 'string' && { 'accept-version': version }), ...(typeof host === 'string' && { host }) }
}

function checkArguments (app: FastifyInstance, options: FindWrongAnswersOptions): FindWrongAnswersOptions {
  ensure(typeof app?.hasDecorator === 'function', InvalidArgumentError, 'findWrongAnswers takes a Fastify app', app)
  ensure(isObject(options), InvalidArgumentError, 'findWrongAnswers takes options as an object', options)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(EXPECTED, name)) {
      throw new InvalidArgumentError(`option '${name}' does not exist, got ${show(value)}; the options are ${Object.keys(EXPECTED).join(', ')}`)
    }
    const isList = name === 'ignore' && Array.isArray(value) && value.every(item => typeof item === 'string' || item instanceof RegExp)
    const isRecord = name !== 'ignore' && isObject(value) && !Array.isArray(value) && Object.values(value).every(item => typeof item === 'string')
    ensure(value === undefined || isList || isRecord, InvalidArgumentError, `option '${name}' must be ${EXPECTED[name as keyof typeof EXPECTED]}`, value)
  }
  return options
}

const EXPECTED = { params: 'an object of strings', headers: 'an object of strings', ignore: 'an array of route patterns and regular expressions' }
