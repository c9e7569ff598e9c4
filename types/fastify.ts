import type { TObject } from '@sinclair/typebox'
import type { FastifyRegisterOptions } from 'fastify'
import type { MethodNotAllowedProblem } from './problem.js'
import type { AnyRequest, ConstraintValues, FastifyAllowedMethods, FastifyAllowedMethodsOptions } from './options.js'

declare module 'fastify' {
  interface FastifyRegister<T> {
    /** With the option `schema`, the type that the option `problem` returns follows from it. */
    <Schema extends TObject = typeof MethodNotAllowedProblem>(
      plugin: FastifyAllowedMethods | Promise<{ default: FastifyAllowedMethods }>,
      options: FastifyRegisterOptions<FastifyAllowedMethodsOptions<Schema>>
    ): T
  }

  interface FastifyInstance {
    /**
     * The methods routed at a URL, as Fastify's own router finds them.
     *
     * @param url a path or an absolute URL, whose query does not matter
     * @param constraints values of the routing constraints in use, such as `{ version: '1.x', host: 'example.com' }`; default: none
     * @returns the methods in upper case, sorted; empty where the URL is unknown
     * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` where an argument is something else
     */
    allowedMethods (url: string, constraints?: ConstraintValues): string[]
    /**
     * The methods routed at a request's URL, as far as the option `allow` leaves them; its own method too.
     *
     * @param constraints values in the place of those that the request's headers and the option `constraints` give
     * @returns the methods in upper case, sorted; empty where the URL is unknown; a promise where the option `constraints` or `allow` is async
     * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` where an argument is something else; what an option throws
     */
    allowedMethods (requestOrUrl: AnyRequest | string, constraints?: ConstraintValues): string[] | Promise<string[]>

    /**
     * Each route pattern that was recorded, to its methods. For people and tools: it never decides an answer.
     *
     * Complete once the app is ready, but for routes declared before the plugin was loaded that Fastify does not print so that they can be read back.
     */
    readonly methodsByUrl: ReadonlyMap<string, ReadonlySet<string>>
  }

  interface FastifyReply {
    /**
     * Answers 405 with `Allow` and the problem body (RFC 9110 §15.5.6), from a handler or a hook:
     * for a resource whose state forbids a method that is routed.
     *
     * What the option `allow` hides is left out; where that is all, the answer is the app's own 404.
     *
     * @param methods the methods that the resource does support, of which the request's own is left out; default: those routed at this
     *   URL, without the request's own (without GET and HEAD both, where it is one of them); empty says that it supports none
     * @returns the reply, to return from an async handler
     * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` where `methods` is not an array of method tokens
     */
    sendMethodNotAllowed (methods?: readonly string[]): this
  }
}
