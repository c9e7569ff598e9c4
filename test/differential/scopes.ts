import Fastify, { type FastifyInstance } from 'fastify'
import { type AppSpec, type Options, declaredIn, serverOptions } from './app.js'
import { type RequestSpec, send } from './request.js'

/** The options in force at a URL; undefined where no registration holds. */
export type OptionsAt = (request: RequestSpec) => Promise<Options | undefined>

/**
 * Finds the options in force by a router: an app like another, whose only routes are each prefix that has a registration, and a wildcard in it.
 * Its answer is the innermost prefix; the options are those of it, over those of the prefixes around it.
 */
export async function scopesOf (spec: AppSpec, app: FastifyInstance): Promise<OptionsAt> {
  const router: FastifyInstance = Fastify(serverOptions({ ...spec, router: { ...spec.router, maxParamLength: 1000 } }))
  const registrations = declaredIn(app).registrations.map(({ scope, options }) => ({ prefix: scope.prefix, options }))
  for (const { prefix } of registrations) {
    for (const url of [prefix.replace(/\/?$/, '/*'), prefix || '/']) router.get(url, async () => `in ${prefix}`)
  }
  await router.ready()
  return async ({ url }) => {
    const { body } = await send(router, { method: 'GET', url, headers: {} })
    const around = registrations.filter(({ prefix }) => body.startsWith('in ') && `${body.slice(3)}/`.startsWith(prefix.replace(/\/?$/, '/')))
    return around.length === 0 ? undefined : Object.assign({}, ...around.sort((a, b) => a.prefix.length - b.prefix.length).map(({ options }) => options))
  }
}
