import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from '../types/options.js'

/**
 * The URL that the router was asked for, that is, after `rewriteUrl`, which keeps the URL before it as `originalUrl`.
 * `@fastify/express` decodes `url` for its middleware, and keeps the routed URL as `originalUrl` instead; `hostname` tells that its hook has run.
 */
export function routedUrl ({ raw, server }: AnyRequest): string {
  const { url, originalUrl } = raw as { url: string, originalUrl?: string }
  return originalUrl !== undefined && server.hasDecorator('express') && 'hostname' in raw ? originalUrl : url
}

/** The part of a URL that the app's router looks at: without origin, query and fragment, and only up to a semicolon under `useSemicolonDelimiter`. */
export function routedPath (app: FastifyInstance, url: string): string {
  const path = withoutQuery(url.replace(/^https?:\/\/[^/?#]*/i, '')) || '/'
  return isChanged(app, 'useSemicolonDelimiter') ? upTo(';', path) : path
}

/** Removes from a path or a pattern the slashes that the app's router ignores. */
export function withRoutedSlashes (app: FastifyInstance, path: string): string {
  const squeezed = isChanged(app, 'ignoreDuplicateSlashes') ? path.replace(/\/+/g, '/') : path
  return isChanged(app, 'ignoreTrailingSlash') ? squeezed.replace(/(.)\/$/, '$1') : squeezed
}

/** Spells a path or a pattern as the app's router compares it: without slashes that it ignores, and in lower case if it ignores case. */
export function normalize (app: FastifyInstance, path: string): string {
  const spelled = withRoutedSlashes(app, path)
  return isChanged(app, 'caseSensitive') ? spelled.toLowerCase() : spelled
}

/** The patterns that the router makes of one: two if its last parameter is optional. */
export function routedPatterns (pattern: string): string[] {
  const [optional, slash = ''] = /\/:[^/()]*\?(\/?)$/.exec(pattern) ?? []
  return optional === undefined ? [pattern] : [pattern.slice(0, -optional.length) + slash || '/', pattern.replace(/\?(\/?)$/, '$1')]
}

/** A pattern without the names of its parameters, by which the router does not tell routes apart. */
export function withoutNames (pattern: string): string {
  return pattern.replace(/(::)|:[^/().-]+/g, '$1:')
}

/** Tells whether a router option differs from its default, wherever the app gave it. */
function isChanged (
  { initialConfig }: FastifyInstance, name: 'caseSensitive' | 'ignoreTrailingSlash' | 'ignoreDuplicateSlashes' | 'useSemicolonDelimiter'
): boolean {
  const { routerOptions } = initialConfig as { routerOptions?: Record<string, boolean> }
  return [routerOptions?.[name], initialConfig[name]].includes(name !== 'caseSensitive')
}

/** What the path of a URI must not contain: a stray `%`, or a character that RFC 3986 §3.3 does not allow. */
const NOT_IN_A_PATH = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/gu

/** A path, as most clients send it, that is a URI reference as it stands. */
const PLAIN_PATH = /^\/(?!\/)[A-Za-z0-9\-._~!$&'()*+,;=:@/]*(?=$|\?)/

/**
 * The path of a request target (RFC 9112 §3.2) as a URI reference (RFC 3986 §4.1), which a client can resolve back to the URL
 * that it asked for: without origin, query and fragment.
 *
 * Node accepts characters that a URI cannot contain; they are percent-encoded, byte by byte as they were received.
 * A path that starts with `//` would name a host; `/.` in front of it keeps it a path (RFC 3986 §4.2, §5.2.4).
 *
 * @param target such as `request.originalUrl`
 */
export function toUriReference (target: string): string {
  if (PLAIN_PATH.test(target)) return withoutQuery(target)
  const path = withoutQuery(target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')).replace(NOT_IN_A_PATH, percentEncode)
  return path.startsWith('//') ? `/.${path}` : path || '/'
}

function percentEncode (character: string): string {
  const code = character.charCodeAt(0)
  return code <= 0xff ? '%' + code.toString(16).toUpperCase().padStart(2, '0') : encodeURIComponent(character.toWellFormed())
}

/** A URL without its query and fragment. */
export function withoutQuery (url: string): string {
  return upTo('#', upTo('?', url))
}

/** The part of a text before a character, or the whole text if it does not contain it. */
function upTo (character: string, text: string): string {
  const at = text.indexOf(character)
  return at === -1 ? text : text.slice(0, at)
}

/** Decodes a path with `decodeURI` or `decodeURIComponent`; a malformed path stays as it is. */
export function decode (path: string, decoder: (path: string) => string): string {
  try {
    return decoder(path)
  } catch {
    return path
  }
}
