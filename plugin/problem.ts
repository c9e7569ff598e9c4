import type { ValueError } from '@sinclair/typebox/errors'
import type { FastifyRequest } from 'fastify'
import { type MethodNotAllowedProblem, problemCheck } from '../types/problem.js'
import { InvalidProblemError, show } from './errors.js'
import { toUriReference } from './target.js'

/**
 * The body of a 405 (RFC 9457), as JSON.
 *
 * It does not depend on the request's method, so that HEAD answers the Content-Length that GET would (RFC 9110 §9.3.2).
 *
 * @param allow the methods that the resource supports, sorted; may be empty
 * @param type a URI reference that identifies the problem type
 * @throws `FST_ALLOWED_METHODS_INVALID_PROBLEM` where it does not satisfy `MethodNotAllowedProblem`, naming the member
 */
export function toProblem (request: FastifyRequest, allow: string[], type: string): string {
  const problem: MethodNotAllowedProblem = {
    type,
    title: 'Method Not Allowed',
    status: 405,
    detail: `This URL supports ${enumerate(allow)}.`,
    instance: toUriReference(request.originalUrl),
    allow
  }
  if (!problemCheck.Check(problem)) {
    const { path, message, value } = problemCheck.Errors(problem).First() as ValueError
    throw new InvalidProblemError(`problem member '${path}' is invalid: ${message}, got ${show(value)}`)
  }
  return JSON.stringify(problem)
}

/** `DELETE, GET and HEAD` */
function enumerate (methods: readonly string[]): string {
  if (methods.length === 0) return 'no method'
  return methods.join(', ').replace(/, (?=[^,]*$)/, ' and ')
}
