import fastifyAllowedMethods from 'fastify-allowed-methods'
import type { Subject } from './app.js'

/** The plugin, or a mutant of it, with the options that a random app needs. */
export function subjectOf (plugin: typeof fastifyAllowedMethods): Subject {
  return (app, { catchAll, secret }) => app.register(plugin, {
    catchAll,
    constraints: secret === 'async'
      ? async ({ headers }) => ({ secret: headers['x-secret'] })
      : ({ headers }) => ({ secret: headers['x-secret'] })
  })
}

/** The plugin that is published. */
export const published = subjectOf(fastifyAllowedMethods)
