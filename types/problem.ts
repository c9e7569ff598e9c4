import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

/**
 * A problem details object (RFC 9457 §3.1), with extension members (§3.2).
 *
 * No member is required. Use it as the base of an app's other problems: `Type.Composite([ProblemDetails, Type.Object({ … })])`.
 */
export const ProblemDetails = Type.Object({
  type: Type.Optional(Type.String({ default: 'about:blank', description: 'A URI reference that identifies the problem type (RFC 9457 §3.1.1)' })),
  title: Type.Optional(Type.String({ description: 'A short summary of the problem type (RFC 9457 §3.1.3)' })),
  status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599, description: 'The status code of this response (RFC 9457 §3.1.2)' })),
  detail: Type.Optional(Type.String({ description: 'What is specific to this occurrence (RFC 9457 §3.1.4)' })),
  instance: Type.Optional(Type.String({ description: 'A URI reference that identifies this occurrence (RFC 9457 §3.1.5)' }))
}, { title: 'ProblemDetails', additionalProperties: Type.Unknown() })

/** The static type of the schema of the same name. */
export type ProblemDetails = Static<typeof ProblemDetails> & Record<string, unknown>

/**
 * The body of a 405: a problem details object (RFC 9457) whose extension member `allow` repeats the `Allow` header,
 * which a browser hides from a page of another origin.
 */
export const MethodNotAllowedProblem = Type.Object({
  type: Type.String({ description: 'A URI reference that identifies the problem type (RFC 9457 §3.1.1)' }),
  title: Type.String({ description: 'A short summary of the problem type (RFC 9457 §3.1.3)' }),
  status: Type.Literal(405, { description: 'The status code of this response (RFC 9110 §15.5.6)' }),
  detail: Type.String({ description: 'Which methods this URL supports, as a sentence' }),
  instance: Type.String({ description: 'The path that was asked for, without query (RFC 9457 §3.1.5)' }),
  allow: Type.Array(
    Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Z-]+$", description: 'A method (RFC 9110 §9.1)' }),
    { uniqueItems: true, description: 'The methods that this URL supports, as in the Allow header (RFC 9110 §10.2.1)', examples: [['DELETE', 'GET', 'HEAD']] }
  )
}, { title: 'MethodNotAllowedProblem' })

/** The static type of the schema of the same name. */
export type MethodNotAllowedProblem = Static<typeof MethodNotAllowedProblem>

/** The schema, compiled once. */
export const problemCheck = TypeCompiler.Compile(MethodNotAllowedProblem)

/**
 * Tells whether a value, such as the parsed body of a response, is the body of a 405.
 *
 * Members that the schema does not declare are allowed, as RFC 9457 §3.2 asks of a client.
 *
 * @param value anything
 * @returns true where `value` satisfies `MethodNotAllowedProblem`
 */
export function isMethodNotAllowedProblem (value: unknown): value is MethodNotAllowedProblem {
  return problemCheck.Check(value)
}
