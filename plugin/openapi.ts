import { isDeepStrictEqual } from 'node:util'
import type { TObject } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { MethodNotAllowedProblem } from '../types/problem.js'
import { InvalidArgumentError, ensure, isObject } from './errors.js'
import { DEFAULT_SETTINGS, type Settings } from './options.js'
import { type Members, mapped, toSchema } from './schema-object.js'
import { expectInstallation, settingsFor } from './scope.js'

/** What `@fastify/swagger` hands to its option `transformObject`. */
export type TransformedDocument = { openapiObject: object } | { swaggerObject: object }

/** The document inside it, which `transformObject` returns; any for any. */
export type DocumentOf<T> = 0 extends 1 & T ? T : T extends { openapiObject: infer D } ? D : T extends { swaggerObject: infer D } ? D : never

/** A response object: with `content` in OpenAPI 3, with `schema` in Swagger 2.0. */
export type MethodNotAllowedResponse = {
  description: string
  headers: { Allow: object }
  content?: { 'application/problem+json': { schema: object } }
  schema?: object
}

type Server = { url: string, variables?: Record<string, { default: string }> }

/** The members of a path item that are operations; `query` came with OpenAPI 3.2. */
const OPERATIONS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

/**
 * Adds the 405 to every operation of an OpenAPI 3 or Swagger 2.0 document: as a response component, and a `$ref` to it.
 *
 * An operation's own 405 stays, existing components keep their names, and the given document is not modified.
 *
 * @param transformed what `@fastify/swagger` hands to `transformObject`
 * @param app the app that the document describes: its options `schema` and `throw` count where they are in force, and paths that the
 *   plugin does not cover are left as they are; default: none, which documents `MethodNotAllowedProblem` on every path
 * @returns the document, as `transformObject` returns it
 * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` if `transformed` is something else, or the app has not registered the plugin
 * @see https://github.com/fastify/fastify-swagger#transform
 */
export function documentMethodNotAllowed<T extends TransformedDocument> (transformed: T, app?: Pick<FastifyInstance, 'hasDecorator'>): DocumentOf<T> {
  const { openapiObject, swaggerObject } = Object(transformed) as { openapiObject?: Members, swaggerObject?: Members }
  const document = openapiObject ?? swaggerObject
  ensure(isObject(document), InvalidArgumentError, 'documentMethodNotAllowed takes { openapiObject } or { swaggerObject }', transformed)
  const settingsAt = app === undefined ? () => DEFAULT_SETTINGS : settingsByPath(app as FastifyInstance, document)
  const is2 = openapiObject === undefined
  const version = is2 ? '2.0' : String(document.openapi ?? '3.0')
  const parts = { ...(is2 ? document : document.components as Members) }
  const references = new Map<TObject | undefined, string>()

  const paths = mapped(document.paths, (item, path) => {
    const settings = path.startsWith('x-') ? undefined : settingsAt(path)
    if (settings === undefined) return item
    return mapped(item, (member, name) => {
      if (name === 'additionalOperations') return mapped(member, operation => withResponse(operation as Members, settings)) // OpenAPI 3.2
      return OPERATIONS.includes(name) ? withResponse(member as Members, settings) : member
    })
  })
  if (references.size === 0) return document as DocumentOf<T>
  return (is2 ? { ...parts, paths } : { ...document, paths, components: parts }) as DocumentOf<T>

  /** Each operation gets a `$ref` object of its own, since YAML writes a shared one as an anchor. */
  function withResponse (operation: Members, { schema, throw: isThrown }: Settings): Members {
    if (Object.hasOwn(Object(operation.responses), '405')) return operation
    const body = isThrown ? undefined : schema
    const $ref = references.get(body) ?? place('responses', 'MethodNotAllowed', toResponse(version, body && {
      $ref: place(is2 ? 'definitions' : 'schemas', 'MethodNotAllowedProblem', toSchema(body, version) as object)
    }))
    references.set(body, $ref)
    return { ...operation, responses: { ...operation.responses as Members, 405: { $ref } } }
  }

  /** Stores a component under its name, numbered if a different one has that name, and returns the reference to it. */
  function place (kind: string, name: string, part: object): string {
    const placed = { ...parts[kind] as Members }
    let key = name
    for (let count = 2; key in placed && !isDeepStrictEqual(placed[key], part); count++) key = `${name}${count}`
    parts[kind] = { ...placed, [key]: part }
    return `${is2 ? '#' : '#/components'}/${kind}/${key}`
  }
}

/**
 * The response by itself, with its schema inline, for a document that is made in some other way.
 *
 * @param version the version of the document: its member `openapi` or `swagger`
 * @param schema the schema of the body; default: `MethodNotAllowedProblem`
 * @throws `FST_ALLOWED_METHODS_INVALID_ARGUMENT` if an argument is something else
 */
export function methodNotAllowedResponse (version: string, schema: TObject = MethodNotAllowedProblem): MethodNotAllowedResponse {
  ensure(typeof version === 'string' && /^(2\.0|3\.[0-2])/.test(version), InvalidArgumentError, "methodNotAllowedResponse takes a version such as '3.1.0'", version)
  ensure(isObject(schema), InvalidArgumentError, 'methodNotAllowedResponse takes a schema of @sinclair/typebox', schema)
  return toResponse(version, toSchema(schema, version) as object)
}

function toResponse (version: string, schema: object | undefined): MethodNotAllowedResponse {
  const description = 'The URL does not support the method (RFC 9110 §15.5.6)'
  const allow = { description: 'The methods that the URL supports, separated by commas (RFC 9110 §10.2.1)' }
  // In Swagger 2.0, `produces` lists the media types of all responses of an operation. It stays as it is: a 200 is not problem+json.
  if (version.startsWith('2')) return { description, headers: { Allow: { ...allow, type: 'string' } }, ...(schema && { schema }) }
  const headers = { Allow: { ...allow, required: true, schema: { type: 'string' } } }
  return { description, headers, ...(schema && { content: { 'application/problem+json': { schema } } }) }
}

/** The settings in force for a path of the document. The path may lack the base path of the servers; the app's routes tell whether it does. */
function settingsByPath (app: FastifyInstance, document: Members): (path: string) => Settings | undefined {
  const installation = expectInstallation(app, 'documentMethodNotAllowed')
  const { basePath = '', servers = [] } = document as { basePath?: string, servers?: Server[] }
  const urls = servers.map(({ url, variables }) => url.replace(/\{([^{}]+)\}/g, (_, name) => `${variables?.[name]?.default}`))
  const bases = [...urls, basePath].map(url => url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/\/$/, ''))
  const shapes = new Set([...installation.record.methodsByUrl.keys()].map(shapeOf))
  return path => {
    const inBase = path.replace(/^\/?/, '/')
    const base = bases.find(base => shapes.has(shapeOf(base + inBase))) ?? ''
    return settingsFor(installation, base + inBase)
  }
}

/** What a route's pattern and its path in the document have in common: `/users/{`. */
function shapeOf (url: string): string {
  const flat = url.replace(/\([^()]*\)/g, '') // a regular expression may contain slashes
  return flat === url ? url.replace(/[:*{][^/]*/g, '{').replace(/\/$/, '') : shapeOf(flat)
}
