import { routedPatterns } from './target.js'

/** A URL that a route pattern matches, and the names of its parameters, in order. */
interface Sample {
  url: string
  names: string[]
}

/** Values to try for a parameter, until one matches the regular expression that the pattern gives for it. */
const CANDIDATES = [
  'x', '1', 'X', 'x-x', 'x_x', 'x.x', 'en', 'en-US', 'true', '-1', '1.5', '1.0.0', 'v1', '2026', '01', '2026-01', '2026-01-31',
  'x@example.com', '127.0.0.1', '123e4567-e89b-42d3-a456-426614174000', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'image.png',
  // None is longer: some expressions take exponential time to reject a long value.
  ...['1', 'x', 'X', 'a', 'A'].flatMap(character => Array.from({ length: 23 }, (_, at) => character.repeat(at + 2)))
]

/**
 * URLs that a route pattern matches: one, or two if its last parameter is optional.
 *
 * @param params values for parameters, by name; `*` is the name of a wildcard
 * @param isTaken tells whether the router finds this pattern for a sample, and not another that it prefers. It compares the names of the
 *   parameters, or else only their number, because a pattern read from `printRoutes` may have the names of another pattern
 * @returns the URLs; or, as a string, what is missing: the parameter for which no value fits, or the whole pattern
 */
export function samplesOf (pattern: string, params: Readonly<Record<string, string>>, isTaken: (sample: Sample, byName: boolean) => boolean): string[] | string {
  const urls: string[] = []
  for (const routed of routedPatterns(pattern)) {
    const samples = [0, 1, 2, 3, 4, 5, 6].map(first => sampleOf(routed, params, first))
    const find = (byName: boolean) => samples.find(sample => typeof sample === 'string' || isTaken(sample, byName))
    const sample = find(true) ?? find(false)
    if (sample === undefined || typeof sample === 'string') return sample ?? routed
    urls.push(sample.url)
  }
  return urls
}

/**
 * Replaces the parameters with values, and a wildcard with some segments; or returns the parameter for which no value fits.
 *
 * @param first the first candidate to try, so that other numbers give other URLs
 */
function sampleOf (pattern: string, params: Readonly<Record<string, string>>, first: number): Sample | string {
  const names: string[] = []
  let url = ''
  for (let at = 0; at < pattern.length;) {
    const [token, name] = /^(?:::|:([^/(.-]+)|.)/su.exec(pattern.slice(at)) as RegExpExecArray
    at += token.length
    if (name === undefined && token !== '*') {
      url += token === '::' ? ':' : encodeURI(token)
      continue
    }
    const expression = expressionAt(pattern, at)
    at += expression.length
    const key = name ?? '*'
    const value = Object.hasOwn(params, key) ? params[key] : CANDIDATES.slice(first).find(value => new RegExp(`^${expression || '.+'}$`).test(value))
    if (value === undefined) return `:${name}${expression}`
    names.push(key)
    url += name !== undefined ? encodeURIComponent(value) : Object.hasOwn(params, key) ? encodeURI(value) : `${value}/`.repeat(first) + value
  }
  return { url: url.startsWith('/') ? url : `/${url}`, names }
}

/** The regular expression of a parameter, with its parentheses; empty if it has none. */
function expressionAt (pattern: string, start: number): string {
  let depth = 0
  for (let at = start; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === '(') depth++
    else if (pattern[at] === ')') depth--
    if (depth === 0) return pattern.slice(start, pattern[start] === '(' ? at + 1 : start)
  }
  return ''
}
