import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { FastifyAllowedMethods } from '../types/options.js'
import { advertise } from './advertise.js'
import { allowedMethods, sendMethodNotAllowed } from './decorators.js'
import { answerMethodNotAllowed, setNotFoundHandler } from './not-found.js'
import { checkOptions } from './options.js'
import { checkSettings } from './problem.js'
import { RecentFindings } from './recent.js'
import { methodsInUse } from './routed.js'
import { type Installation, install, installationOf, setOptions } from './scope.js'
import { warnOfCatchAlls, warnOfUnknownConstraints } from './warnings.js'

export type * from '../types/fastify.js' // it exports nothing, and brings the declarations for Fastify's own types along
export type { AnyRequest, ConstraintValues, FastifyAllowedMethods, FastifyAllowedMethodsOptions, MethodNotAllowedError } from '../types/options.js'
export type { OptionsWithSchema, OptionsWithSchemaAndProblem, OptionsWithoutSchema } from '../types/options.js'
export { MethodNotAllowedProblem, ProblemDetails, isMethodNotAllowedProblem } from '../types/problem.js'

/**
 * Answers 405 with `Allow` and a problem+json body where a URL is routed, but not for the request's method
 * (RFC 9110 §15.5.6, RFC 9457), and leaves every other answer as it is.
 *
 * Registering again in a prefixed scope overrides options for that prefix; of several registrations for the same prefix, the last wins.
 *
 * @throws `FST_ALLOWED_METHODS_INVALID_OPTION` at start, if an option does not exist, has the wrong type or does not fit the app
 */
export const fastifyAllowedMethods = fp(
  async function fastifyAllowedMethods (app, options) {
    const given = await checkOptions(options)
    const earlier = installationOf(app)
    const installation = earlier ?? installAtRoot(app)
    setOptions(installation, app, given)
    if (given.notFound) setNotFoundHandler(installation, app, given)
    if (given.advertise) advertise(installation, app)
    const isDecorated = earlier !== undefined && app.hasDecorator('allowedMethods') && app.hasReplyDecorator('sendMethodNotAllowed')
    if (!isDecorated) { // if the app has a decorator of such a name, Fastify tells of it
      app.decorate('allowedMethods', allowedMethods)
      app.decorate('methodsByUrl', { getter: () => installation.record.methodsByUrl })
      app.decorateReply('sendMethodNotAllowed', sendMethodNotAllowed)
    }
  },
  { fastify: '5.x', name: 'fastify-allowed-methods' }
) as FastifyAllowedMethods

export default fastifyAllowedMethods

/**
 * Installs the plugin once per app, at its root, whichever scope registers it: Fastify runs the root's hooks in every not-found lifecycle,
 * and answers at the root whatever is not found in a scope without a not-found handler of its own.
 */
function installAtRoot (app: FastifyInstance): Installation {
  const installation = install(app)
  const { root } = installation
  root.addHook('preParsing', answerMethodNotAllowed(installation))
  root.addHook('onReady', async function checkAtStart () {
    for (const { settings } of installation.registrations) checkSettings(settings)
    installation.methods = methodsInUse(installation)
    if (!root.hasConstraintStrategy('version') && !root.hasConstraintStrategy('host')) installation.recent = new RecentFindings()
    warnOfCatchAlls(installation)
    warnOfUnknownConstraints(installation)
  })
  return installation
}
