import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyRequest, RawRequestDefaultExpression, RawServerBase, RouteGenericInterface } from 'fastify'

/** Values of routing constraints by strategy name, as Fastify's router would derive them from a request. */
export type ConstraintValues = Record<string, unknown>

/** A request of any Fastify app, be it over HTTP/1.1 or HTTP/2. */
export type AnyRequest = FastifyRequest<RouteGenericInterface, RawServerBase, RawRequestDefaultExpression<RawServerBase>>

/** A method, so that TypeScript lets it take the narrower request type of an app. */
interface ConstraintsOption {
  constraints (request: AnyRequest): object | Promise<object>
}

/** Options of `app.register(fastifyAllowedMethods, options)`. */
export interface FastifyAllowedMethodsOptions {
  /**
   * The problem's `type`: a URI reference that identifies the problem type (RFC 9457 §3.1.1).
   *
   * @default 'https://httpwg.org/specs/rfc9110.html#status.405'
   */
  type?: string | undefined

  /**
   * Let a root catch-all (a route whose whole pattern is `*` or `/*`) make a URL known.
   *
   * A single-page app has `GET /*`, which matches every URL, so it says nothing about whether one exists.
   * With `true`, a URL that only such a route takes is answered 405 for the other methods.
   *
   * @default false
   */
  catchAll?: boolean | undefined

  /**
   * Values of the app's custom routing constraints for a request, by strategy name. May be async.
   * `version` and `host` need nothing, unless the app has replaced their strategy.
   * An error that it throws goes to the app's error handler.
   *
   * @default undefined
   * @see https://fastify.dev/docs/latest/Reference/Routes/#constraints
   */
  constraints?: ConstraintsOption['constraints'] | undefined
}

/** The default of the option `type`. */
export const METHOD_NOT_ALLOWED_TYPE = 'https://httpwg.org/specs/rfc9110.html#status.405'

/** Characters of a URI reference (RFC 3986 §4.1, appendix A). */
const URI_REFERENCE = "^(?:[A-Za-z0-9\\-._~:/?#[\\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$"

/** What the options must satisfy. `expected` completes the sentence "option 'x' must be …". */
export const FastifyAllowedMethodsOptions = Type.Object({
  type: Type.Optional(Type.String({ pattern: URI_REFERENCE, expected: 'a URI reference' })),
  catchAll: Type.Optional(Type.Boolean({ expected: 'a boolean' })),
  constraints: Type.Optional(Type.Unsafe<NonNullable<FastifyAllowedMethodsOptions['constraints']>>(Type.Function([], Type.Unknown(), { expected: 'a function' })))
}, { additionalProperties: false })

/** The schema, compiled once. */
export const optionsCheck = TypeCompiler.Compile(FastifyAllowedMethodsOptions)
