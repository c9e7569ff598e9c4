import { Type } from '@sinclair/typebox'
import fastifyAllowedMethods, { type FastifyAllowedMethodsOptions, MethodNotAllowedProblem } from 'fastify-allowed-methods'
import type { Subject } from './app.js'

const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.String() })])

/** The plugin, or a mutant of it, with the options that a random app needs. */
export function subjectOf (plugin: typeof fastifyAllowedMethods): Subject {
  return (app, { catchAll, secret, options: { problem, allow, 'allow later': later, ...options }, hidden }) => {
    const narrow = (methods: string[]) => methods.filter(method => !hidden.includes(method))
    const given: FastifyAllowedMethodsOptions = {
      ...options,
      catchAll,
      ...(secret === 'sync' && { constraints: ({ headers }) => ({ secret: headers['x-secret'] }) }),
      ...(secret === 'async' && { constraints: async ({ headers }) => ({ secret: headers['x-secret'] }) }),
      ...(later ? { allow: async methods => narrow(methods) } : allow && { allow: narrow })
    }
    return problem
      ? app.register(plugin, { ...given, schema, problem: problem => Object.assign(problem, { hint: 'x', secret: 'y' }) })
      : app.register(plugin, given)
  }
}

/** The plugin that is published. */
export const published = subjectOf(fastifyAllowedMethods)
