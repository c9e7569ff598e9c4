import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { FastifyAllowedMethodsOptions } from '../types/options.js'
import { warnOfUnknownConstraints } from './constraints.js'
import { allowedMethods, sendMethodNotAllowed } from './decorators.js'
import { checkMethods, ensureNotFoundLifecycle } from './not-found.js'
import { toSettings } from './options.js'
import { recordRoutes } from './record.js'
import { outermostOfPrefix, registrationOf, setRegistration } from './scope.js'

export type * from '../types/fastify.js'
export type { ConstraintValues, FastifyAllowedMethodsOptions } from '../types/options.js'
export { MethodNotAllowedProblem, ProblemDetails, isMethodNotAllowedProblem } from '../types/problem.js'

/**
 * Answers 405 with `Allow` and a problem+json body where a URL is routed, but not for the request's method
 * (RFC 9110 §15.5.6, RFC 9457), and leaves every other answer as it is.
 *
 * Registering again in the same scope replaces the options; in a prefixed scope within, it overrides them for that prefix.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION` at start, where an option does not exist or is ill-typed
 */
export const fastifyAllowedMethods: FastifyPluginAsync<FastifyAllowedMethodsOptions> = fp(
  async function fastifyAllowedMethods (app, options) {
    const settings = toSettings(options)
    const scope = outermostOfPrefix(app)
    const outer = registrationOf(scope)
    if (outer?.prefix === scope.prefix) {
      outer.settings = settings
    } else {
      const registration = setRegistration(scope, settings)
      if (outer === undefined) install(scope, registration)
    }
  },
  { fastify: '5.x', name: 'fastify-allowed-methods' }
)

export default fastifyAllowedMethods

function install (scope: FastifyInstance, registration: ReturnType<typeof setRegistration>): void {
  const record = recordRoutes(scope)
  scope.decorate('allowedMethods', allowedMethods as FastifyInstance['allowedMethods'])
  scope.decorate('methodsByUrl', { getter: () => record.methodsByUrl })
  scope.decorateReply('sendMethodNotAllowed', sendMethodNotAllowed)
  scope.addHook('preParsing', checkMethods(registration))
  scope.addHook('onReady', function warnAtStart (done) {
    if (registration.settings.constraints === undefined) warnOfUnknownConstraints(scope, record.constraints)
    done()
  })
  if (scope.prefix !== '') ensureNotFoundLifecycle(scope)
}
