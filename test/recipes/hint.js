import { Type } from '@sinclair/typebox'
import allowedMethods, { MethodNotAllowedProblem } from 'fastify-allowed-methods'

const MEANT = { PUT: ['PATCH', 'POST'], PATCH: ['PUT'], POST: ['PUT', 'PATCH'] }

/** Adds a hint to the 405s of a client that mixes up PUT, PATCH and POST. */
export default async function hint (app) {
  app.register(allowedMethods, {
    schema: Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.Optional(Type.String()) })]),
    problem: (problem, request) => {
      const meant = MEANT[request.method]?.find(method => problem.allow.includes(method))
      return { ...problem, ...(meant && { hint: `To change this resource, send ${meant}.` }) }
    }
  })
}

hint[Symbol.for('skip-override')] = true
