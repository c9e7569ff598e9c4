import { type Static, type TObject, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyError, FastifyInstance, FastifyPluginAsync, FastifyRequest, RawServerBase, RouteGenericInterface } from 'fastify'
import { MethodNotAllowedProblem } from './problem.js'

/** Values of routing constraints by strategy name, as Fastify's router would derive them from a request. */
export type ConstraintValues = Record<string, unknown>

/** A request of any Fastify app, be it over HTTP/1.1 or HTTP/2. */
export type AnyRequest = FastifyRequest<RouteGenericInterface, RawServerBase>

/** What a schema describes. Its `status`, if any, is that of the response, so its type must be the literal 405. */
type Body<Schema extends TObject> = Static<Schema> & { status?: 405 }

/** Declared as methods, so that TypeScript accepts functions that take the narrower request type of an app. */
interface Functions<Schema extends TObject> {
  problem (problem: MethodNotAllowedProblem, request: AnyRequest): Body<Schema> | Promise<Body<Schema>>
  allow (methods: string[], request: AnyRequest): readonly string[] | Promise<readonly string[]>
  constraints (request: AnyRequest): object | Promise<object>
}

/**
 * Both parts are the same. The condition waits for the schema that is inferred, so that TypeScript does not widen the literals that the
 * function returns; in generic code it stays open, and functions satisfy the first part.
 */
type Problem<Schema extends TObject> = Functions<Schema>['problem'] | ([Schema] extends [TObject] ? Functions<Schema>['problem'] : never)

/**
 * Options of `app.register(fastifyAllowedMethods, options)`.
 *
 * An error that one of the functions throws goes to the app's error handler; with `advertise`, to the log.
 */
export interface FastifyAllowedMethodsOptions<Schema extends TObject = typeof MethodNotAllowedProblem> {
  /**
   * The problem's `type`: a URI reference that identifies the problem type (RFC 9457 §3.1.1).
   *
   * @default 'https://httpwg.org/specs/rfc9110.html#status.405'
   */
  type?: string | undefined

  /**
   * Builds the body of a 405 from the default one. May be async. A member that `schema` does not declare is not sent: to add one, give both.
   *
   * @default (problem) => problem
   */
  problem?: Problem<Schema> | undefined

  /**
   * What the body of a 405 must satisfy: an object schema of `@sinclair/typebox`. What it does not declare is not sent; a body that
   * fails is the error `FST_ALLOWED_METHODS_INVALID_PROBLEM`.
   *
   * @default MethodNotAllowedProblem
   */
  schema?: Schema | undefined

  /**
   * Hand an error to the app's error handler instead of replying, for a 405 a `MethodNotAllowedError`: for an app that renders all its errors
   * in one place. `problem`, `schema` and `type` then have no effect on the reply.
   *
   * @default false
   */
  throw?: boolean | undefined

  /**
   * Make the 404s of the app, or of the prefix where the option is given, `application/problem+json` too, with a not-found handler of the plugin.
   * An app that has a not-found handler of its own there does not start.
   *
   * @default false
   */
  notFound?: boolean | undefined

  /**
   * Narrows the methods of a URL for a request, to hide methods or routes: it returns those that remain. May be async.
   * If they do not make the URL known, as an empty list never does, the answer is the app's own 404. It cannot add a method, nor refuse a
   * request that is routed.
   *
   * @default (methods) => methods
   */
  allow?: Functions<Schema>['allow'] | undefined

  /**
   * Let a root catch-all (a route whose whole pattern is `*` or `/*`) make a URL known. By default, the `GET /*` of a single-page app says
   * nothing about whether a URL exists; with `true`, a URL that only such a route takes is answered 405 for the other methods.
   *
   * @default false
   */
  catchAll?: boolean | undefined

  /**
   * Values of the app's custom routing constraints for a request, by strategy name. May be async.
   * `version` and `host` are not needed, unless the app has replaced their strategy.
   *
   * @default undefined
   * @see https://fastify.dev/docs/latest/Reference/Routes/#constraints
   */
  constraints?: Functions<Schema>['constraints'] | undefined

  /**
   * Answer OPTIONS on a known URL that has no OPTIONS route: 204 with `Allow`, which lists OPTIONS too (RFC 9110 §9.3.7).
   *
   * @default false
   */
  answerOptions?: boolean | undefined

  /**
   * Answer 501 as problem+json where no route of the app takes the method, whatever the URL; never for GET and HEAD, nor for OPTIONS with
   * `answerOptions` (RFC 9110 §9.1, §15.6.2).
   *
   * @default false
   */
  notImplemented?: boolean | undefined

  /**
   * Send `Allow` on routed responses too, as exact as on a 405 (RFC 9110 §10.2.1). A handler's own `Allow` stays.
   * It applies to the routes of the scope in which the plugin is registered, and of the scopes within it. What a function throws is logged.
   * If `allow` or `constraints` is async, what is sent before the request is validated, such as by an `onRequest` hook, has no `Allow`.
   *
   * @default false
   */
  advertise?: boolean | undefined
}

/** What the option `throw` hands to the app's error handler in place of a 405. */
export interface MethodNotAllowedError extends FastifyError {
  code: 'FST_ALLOWED_METHODS_METHOD_NOT_ALLOWED'
  statusCode: 405
  /** The methods that the URL supports, sorted. */
  allow: string[]
  /** The header field of the answer, which is set already. */
  headers: { allow: string }
}

declare const unmatched: unique symbol

/** What nothing satisfies. Editors do not offer a member whose name is a symbol. */
export interface Unmatched { readonly [unmatched]: never }

/** Named in the compiler's messages. */
declare const whatProblemReturnsMustSatisfySchema: unique symbol
declare enum ObjectSchemaOfSinclairTypebox { none = '' }

type OtherOptions = Omit<FastifyAllowedMethodsOptions, 'schema' | 'problem'>

/** The options with `schema` alone. This and the next two are exported for the declarations of those who wrap the plugin. */
export interface OptionsWithSchema extends OtherOptions { schema: TObject, problem?: Unmatched | undefined }

/** Those with both, which are for the overload of `register` alone: what gets here is unsuitable, and the compiler's message says by the symbol why. */
export interface OptionsWithSchemaAndProblem extends OtherOptions {
  schema: TObject
  problem: (problem: MethodNotAllowedProblem, request: AnyRequest) => MethodNotAllowedProblem | object
  readonly [whatProblemReturnsMustSatisfySchema]: never
}

/** Those without `schema`. The last, also by name: of several that fit equally badly, the compiler explains the last. */
export interface OptionsWithoutSchema extends Omit<FastifyAllowedMethodsOptions, 'schema'> { schema?: ObjectSchemaOfSinclairTypebox | undefined }

/**
 * The plugin. With a `schema`, its options are those of the overload of `register` that types/fastify.ts declares. Its own signature is for
 * a `register` that is given the type of the options, and for whatever takes a plugin of that type; inference looks at the inherited one.
 */
export interface FastifyAllowedMethods extends FastifyPluginAsync<OptionsWithSchema | OptionsWithSchemaAndProblem | OptionsWithoutSchema> {
  <Schema extends TObject = typeof MethodNotAllowedProblem>(app: FastifyInstance, options: FastifyAllowedMethodsOptions<Schema>): Promise<void>
  readonly default: FastifyAllowedMethods
  readonly fastifyAllowedMethods: FastifyAllowedMethods
}

/** Characters of a URI reference (RFC 3986 §4.1, appendix A). */
const URI_REFERENCE = "^(?:[A-Za-z0-9\\-._~:/?#[\\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$"

const booleanOption = () => Type.Optional(Type.Boolean({ expected: 'a boolean' }))
const functionOption = <Name extends keyof Functions<TObject>>() =>
  Type.Optional(Type.Unsafe<Functions<TObject>[Name]>(Type.Function([], Type.Unknown(), { expected: 'a function' })))

/** What the options must satisfy. `expected` completes the sentence "option 'x' must be …". */
export const FastifyAllowedMethodsOptions = Type.Object({
  type: Type.Optional(Type.String({ pattern: URI_REFERENCE, expected: 'a URI reference' })),
  problem: functionOption<'problem'>(),
  schema: Type.Optional(Type.Unsafe<TObject>(Type.Object({}, { expected: 'an object schema of @sinclair/typebox' }))),
  throw: booleanOption(),
  notFound: booleanOption(),
  allow: functionOption<'allow'>(),
  catchAll: booleanOption(),
  constraints: functionOption<'constraints'>(),
  answerOptions: booleanOption(),
  notImplemented: booleanOption(),
  advertise: booleanOption()
}, { additionalProperties: false })

/** The schema, compiled once. */
export const optionsCheck = TypeCompiler.Compile(FastifyAllowedMethodsOptions)
