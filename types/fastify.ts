import type { TObject } from '@sinclair/typebox'
import type { FastifyPluginAsync, FastifyPluginCallback, FastifyPluginOptions, FastifyRegisterOptions, RawServerBase } from 'fastify'
import type { MethodNotAllowedProblem } from './problem.js'
import type { AnyRequest, ConstraintValues, FastifyAllowedMethods, FastifyAllowedMethodsOptions, Unmatched } from './options.js'

type AnyCallback = FastifyPluginCallback<FastifyPluginOptions, RawServerBase>
type AnyAsync = FastifyPluginAsync<FastifyPluginOptions, RawServerBase>
type AnyPlugin = AnyCallback | AnyAsync | Promise<{ default: AnyCallback }> | Promise<{ default: AnyAsync }>

declare module 'fastify' {
  interface FastifyRegister<T> {
    // Matches no plugin. While the options of a plugin are being typed no overload matches, and editors complete from the first: this one, as
    // Fastify's own would. Without it, they would offer the options below for every plugin.
    <Options extends FastifyPluginOptions>(
      plugin: (FastifyPluginCallback<Options> | Promise<{ default: FastifyPluginCallback<Options> }>) & Unmatched, options: FastifyRegisterOptions<Options>
    ): T
    /** The type that the option `problem` returns follows from the option `schema`. */
    <Schema extends TObject = typeof MethodNotAllowedProblem>(
      plugin: FastifyAllowedMethods | Promise<{ default: FastifyAllowedMethods }>,
      options: FastifyRegisterOptions<FastifyAllowedMethodsOptions<Schema>>
    ): T
    // Matches no plugin either, by the default of what is not inferred. It is for those who read the overload that is declared last, with the
    // constraint of its type parameter, as `Parameters` does: it reads as Fastify's own.
    <Plugin extends AnyPlugin = AnyPlugin & Unmatched>(plugin: NoInfer<Plugin>, options: FastifyRegisterOptions<FastifyPluginOptions>): T
  }

  interface FastifyInstance {
    /**
     * The methods routed at a request's URL, including its own, without those that the option `allow` removes.
     *
     * @param constraints values to use instead of those from the request's headers and the option `constraints`
     * @returns the methods in upper case, sorted; empty if the URL is unknown; a promise if the option `constraints` or `allow` is async
     * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` if an argument is something else; what an option throws
     */
    allowedMethods (request: AnyRequest, constraints?: ConstraintValues): string[] | Promise<string[]>
    /**
     * The methods routed at a URL, as Fastify's own router finds them.
     *
     * @param url a path or an absolute URL, whose query does not matter
     * @param constraints values of the routing constraints in use, such as `{ version: '1.x', host: 'example.com' }`; default: none
     * @returns the methods in upper case, sorted; empty if the URL is unknown
     * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` if an argument is something else
     */
    allowedMethods (url: string, constraints?: ConstraintValues): string[]
    /** Takes either. */
    allowedMethods (requestOrUrl: AnyRequest | string, constraints?: ConstraintValues): string[] | Promise<string[]>

    /**
     * The methods of each route pattern that was recorded. For people and tools: it never decides an answer.
     *
     * Complete once the app is ready, except for routes declared before the plugin was loaded whose printed form cannot be read back.
     */
    readonly methodsByUrl: ReadonlyMap<string, ReadonlySet<string>>
  }

  interface FastifyReply {
    /**
     * Answers 405 with `Allow` and the problem body (RFC 9110 §15.5.6), from a handler or a hook:
     * for a resource whose state forbids a method that is routed.
     *
     * Methods that the option `allow` hides are left out; if it hides them all, the answer is the app's own 404.
     *
     * @param methods the methods that the resource does support; the request's own is left out. Default: those routed at this URL,
     *   without the request's own (if that is GET or HEAD, without both). Empty means that it supports none
     * @returns the reply, to return from an async handler
     * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` if `methods` is not an array of method tokens
     */
    sendMethodNotAllowed (methods?: readonly string[]): this
  }
}
