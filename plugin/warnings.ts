import { customConstraints } from './constraints.js'
import { methodsInUse } from './routed.js'
import { type Installation, settingsFor } from './scope.js'

/** Warns of custom constraints if a registration lacks the option `constraints`: `Allow` would leave out what routes under them take. */
export function warnOfUnknownConstraints (installation: Installation): void {
  if (installation.registrations.every(({ settings }) => settings.constraints !== undefined)) return
  const custom = customConstraints(installation)
  if (custom.length === 0) return
  installation.root.log.warn(`fastify-allowed-methods: only the app knows the values of its custom constraints (${custom.join(', ')}); ` +
    "give the option 'constraints', or Allow leaves out what routes under them take")
}

/**
 * Warns of a catch-all without constraints that takes every method, such as `app.all('/api/*')`: every request below it is routed, so nothing
 * there is answered 405. There can be one only if every method is in use, so for most apps the list of routes need not be made.
 */
export function warnOfCatchAlls (installation: Installation): void {
  const { root, record } = installation
  if (methodsInUse(installation).length < root.supportedMethods.length) return
  for (const [url, methods] of record.methodsByUrl) {
    const takesAll = url.endsWith('*') && !record.constraintsByUrl.has(url) && root.supportedMethods.every(method => methods.has(method))
    if (!takesAll || settingsFor(installation, url) === undefined) continue
    root.log.warn(`fastify-allowed-methods: the route '${url}' takes every method that Fastify supports, so that none of them is answered 405 below it; ` +
      'declare it for those that it serves')
  }
}
