import { METHODS } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { ConstraintValues } from '../types/options.js'
import { constraintsInUse, customConstraints, strategiesOf } from './constraints.js'
import { InvalidArgumentError, ensure, isRecord, show } from './errors.js'
import { isDeclared } from './printed.js'
import { type Answer, type Seen, noticeProbe, sendProbe, toAnswer } from './probe.js'
import { samplesOf } from './sample.js'
import { expectInstallation, installationOf, settingsFor } from './scope.js'
import { routedUrl, withRoutedSlashes } from './target.js'

/** Options of `findWrongAnswers`. */
export interface FindWrongAnswersOptions {
  /** Values for parameters, by name; `*` is the name of a wildcard. Default: chosen to fit the pattern of the route. */
  params?: Record<string, string> | undefined
  /**
   * Header fields of every request, such as credentials; or a function that makes them of the constraints of the route that is asked for,
   * as strings; what is undefined is left out. Default: only those that a route's version and host require.
   */
  headers?: Record<string, string> | ((constraints: ConstraintValues) => Record<string, unknown>) | undefined
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
  await (installationOf(app)?.root ?? app).ready()
  const installation = expectInstallation(app, 'findWrongAnswers')
  installation.noticeProbe = noticeProbe
  const { methodsByUrl, constraintsByUrl } = installation.record // the first, once it is read, completes the other
  const custom = customConstraints(installation)
  const unsupported = METHODS.find(method => !app.supportedMethods.includes(method))
  const wrong: WrongAnswer[] = []
  const asked = new Map<string, ConstraintValues[]>()
  let checks = 0
  for (const [pattern, methods] of methodsByUrl) {
    if (ignore.some(ignored => typeof ignored === 'string' ? ignored === pattern : pattern.search(ignored) !== -1)) continue
    for (const [constraints, routed] of constraintsFor(pattern, [...methods])) await checkRoute(pattern, routed, constraints)
  }
  if (checks + wrong.length === 0) {
    throw new InvalidArgumentError('findWrongAnswers takes an app with a URL to check, and found none that is recorded and that the options `ignore` and, of the plugin, `allow` leave')
  }
  return Object.defineProperty(wrong, 'checks', { value: checks }) as unknown as WrongAnswers

  /** Each set of constraints under which a pattern has routes, with the methods of those routes. */
  function constraintsFor (pattern: string, methods: string[]): [ConstraintValues, string[]][] {
    const constrained = constraintsByUrl.get(pattern) ?? []
    const spelled = withRoutedSlashes(app, pattern)
    const under = (constraints: ConstraintValues) => methods.filter(method => isDeclared(app, method, spelled, constraints))
    const isFree = constrained.length === 0 || under({}).length > 0
    return [...constrained, ...(isFree ? [{}] : [])].map(constraints => [constraints, under(constraints)])
  }

  /** Tells whether a request with these values gets to the routes that were declared for others: the strategies of custom constraints decide. */
  function isReached (declared: ConstraintValues, values: ConstraintValues = {}): boolean {
    return custom.filter(name => declared[name] !== undefined).every(name => {
      const storage = strategiesOf(app)[name]?.storage?.()
      if (storage === undefined || values[name] === undefined) return isDeepStrictEqual(declared[name], values[name])
      storage.set(declared[name], {})
      return Boolean(storage.get(values[name]))
    })
  }

  async function checkRoute (pattern: string, methods: string[], constraints: ConstraintValues): Promise<void> {
    const own = typeof given === 'function' ? withoutUndefined(given(constraints)) : given
    ensure(hasStrings(own), InvalidArgumentError, "option 'headers' must return an object of strings", own)
    const headers = Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]))
    if (typeof constraints.version === 'string') headers['accept-version'] = constraints.version
    if (typeof constraints.host === 'string') headers.host = constraints.host
    const values = constraintsInUse(app, { ...constraints, version: headers['accept-version'], host: headers.host })
    // A declared value need not be one that a request can have, such as a list of values. Then the probe tells whether its routes are reached.
    const isAskable = isReached(constraints, values)
    const { host } = constraints
    const isHost = !(host instanceof RegExp) || custom.includes('host') || String(headers.host).search(host) !== -1
    const urls = samplesOf(pattern, params, ({ url, names }, byName) => !isAskable || methods.some(method => {
      const match = app.findRoute({ method: method as HTTPMethods, url, constraints: values })
      if (match === null || !isHost) return false
      const [found, unique] = [Object.keys(match.params), [...new Set(names)]]
      return byName ? isDeepStrictEqual(found, unique) : found.length >= unique.length
    }))
    const missing = (expected: string): void => { wrong.push({ method: methods.join(', '), url: pattern, expected, actual: 'nothing to ask' }) }
    if (typeof urls === 'string') return missing(`a value in params or headers for '${urls}'`)
    for (const url of urls) {
      const others = asked.get(url) ?? []
      if (others.some(other => isDeepStrictEqual(other, constraints))) continue
      asked.set(url, [...others, constraints])
      const first = unsupported ?? METHODS.find(method => app.findRoute({ method: method as HTTPMethods, url, constraints: values }) === null)
      const seen = first === undefined ? undefined : await checkAnswer(first, url, headers)
      if (seen === undefined) continue
      const search = { url: routedUrl(seen.request), constraints: seen.constraints }
      const isRouted = (method: string) => app.findRoute({ ...search, method: method as HTTPMethods }) !== null
      if (!isReached(constraints, seen.constraints) || !methods.some(isRouted)) {
        missing(search.url === url
          ? `a route at '${url}', by headers for the constraints ${show(constraints)}`
          : `a route at '${search.url}', to which '${url}' was rewritten`)
        continue
      }
      for (const method of app.supportedMethods) {
        if (method !== first && !isRouted(method)) await checkAnswer(method, url, headers)
      }
    }
  }

  /** @returns what the plugin saw; undefined if the plugin is not registered there, or if a hook replied before it or an option failed, which are wrong answers */
  async function checkAnswer (method: string, url: string, headers: Record<string, string>): Promise<Seen | undefined> {
    const { reply, seen } = await sendProbe(installation, method, url, headers)
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

function checkArguments (app: FastifyInstance, options: FindWrongAnswersOptions): FindWrongAnswersOptions {
  ensure(typeof app?.hasDecorator === 'function', InvalidArgumentError, 'findWrongAnswers takes a Fastify app', app)
  ensure(isRecord(options), InvalidArgumentError, 'findWrongAnswers takes options as an object', options)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(EXPECTED, name)) {
      throw new InvalidArgumentError(`option '${name}' does not exist, got ${show(value)}; the options are ${Object.keys(EXPECTED).join(', ')}`)
    }
    const isList = name === 'ignore' && Array.isArray(value) && value.every(item => typeof item === 'string' || item instanceof RegExp)
    const isRight = isList || (name !== 'ignore' && hasStrings(value)) || (name === 'headers' && typeof value === 'function')
    ensure(value === undefined || isRight, InvalidArgumentError, `option '${name}' must be ${EXPECTED[name as keyof typeof EXPECTED]}`, value)
  }
  return options
}

/** What a function made of a constraint that a route does not have is undefined. */
function withoutUndefined (value: unknown): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) : value
}

function hasStrings (value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every(item => typeof item === 'string')
}

const EXPECTED = {
  params: 'an object of strings',
  headers: 'an object of strings, or a function that returns one',
  ignore: 'an array of route patterns and regular expressions'
}
