import { Type } from '@sinclair/typebox'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions, MethodNotAllowedProblem } from 'fastify-allowed-methods'
import type { Subject } from './app.js'

const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.String() })])

/** The plugin, or a mutant of it, with the options that a random app needs. */
export function subjectOf (plugin: typeof fastifyAllowedMethods): Subject {
  return (app, { secret, hidden }, { problem, allow, ...options }) => {
    const narrow = (methods: string[]) => methods.filter(method => !hidden.includes(method))
    const given: FastifyAllowedMethodsOptions = {
      ...options,
      ...(secret === 'sync' && { constraints: ({ headers }) => ({ secret: headers['x-secret'] }) }),
      ...(secret === 'async' && { constraints: async ({ headers }) => ({ secret: headers['x-secret'] }) }),
      ...(allow !== undefined && { allow: allow === 'later' ? async methods => narrow(methods) : narrow })
    }
    return problem
      ? app.register(plugin, { ...given, schema, problem: problem => Object.assign(problem, { hint: 'x', secret: 'y' }) })
      : app.register(plugin, given)
  }
}

/** The plugin that is published. */
export const published = subjectOf(fastifyAllowedMethods)
