import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { HTTPMethods, LightMyRequestResponse } from 'fastify'
import type { AnyRequest, ConstraintValues } from '../types/options.js'
import { constraintsOf } from './constraints.js'
import { show } from './errors.js'
import { findMethods } from './methods.js'
import type { Settings } from './options.js'
import { faultOf, toMethodNotAllowed, toRefusal } from './problem.js'
import { toAllow } from './reply.js'
import { isNotImplemented } from './routed.js'
import { type Installation, settingsFor } from './scope.js'
import { routedUrl } from './target.js'

/** The header that marks a probe. A hook may pass it on to a request of its own, which then has another method or URL. */
const PROBE = 'x-fastify-allowed-methods-probe'
const probes = new Map<unknown, Probe>()

interface Probe { readonly method: string, readonly url: string, seen?: Promise<Seen> }

/** Tells whether a request is a probe. If it is, its options are asked. */
export function noticeProbe (installation: Installation, request: AnyRequest): boolean {
  const probe = probes.get(request.raw.headers[PROBE])
  if (probe?.method !== request.method || probe.url !== request.originalUrl) return false
  probe.seen = see(installation, request)
  return true
}

/** Injects a request that no handler of a route gets. What the plugin saw of it is undefined if a hook replied before the plugin. */
export async function sendProbe (
  installation: Installation, method: string, url: string, headers: Record<string, string>
): Promise<{ reply: LightMyRequestResponse, seen: Seen | undefined }> {
  const probe: Probe = { method, url: new URL(`http://localhost${url}`).pathname }
  const id = randomUUID()
  probes.set(id, probe)
  const reply = await installation.root.inject({ method: method as HTTPMethods, url: probe.url, headers: { ...headers, [PROBE]: id } })
  probes.delete(id)
  return { reply, seen: await probe.seen }
}

/** Those parts of an answer that are promised. */
export interface Answer { status: number, allow?: string | undefined, mediaType?: string | undefined, problem?: string }

/** What the plugin saw of a probe, and what its options made of that. */
export interface Seen {
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
  if (isNotImplemented(installation, request, settings)) return { status: 501, ...problem }
  const { methods } = await findMethods(installation, request, settings, true)
  if (methods.length === 0) return undefined
  if (request.method === 'OPTIONS' && settings.answerOptions) return { status: 204, allow: toAllow([...methods, 'OPTIONS'].sort()) }
  return { status: 405, allow: toAllow(methods), ...problem }
}

/** Those parts of a reply that are promised, for comparison. */
export function toAnswer (reply: LightMyRequestResponse, request: AnyRequest, settings: Settings, promised: Answer): object {
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
