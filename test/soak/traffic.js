// Random requests, each with the answer that it must get.

import { METHODS } from 'node:http'

/** Mulberry32: whole numbers below a limit, the same ones for the same seed. */
export function randomOf (seed) {
  return limit => {
    seed = (seed + 0x6D2B79F5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
}

const LONG = 'x'.repeat(16 * 1024)
const SPOKEN = METHODS.filter(method => method !== 'CONNECT') // Node.js refuses that one
const word = random => random(2 ** 32).toString(36)

/** What server.js routes. */
const KNOWN = [
  { url: () => '/users', allow: ['GET', 'HEAD', 'POST'] },
  { url: random => `/users/${word(random)}`, allow: ['DELETE', 'GET', 'HEAD'] },
  { url: random => `/users/${word(random)}?${word(random)}=%zz`, allow: ['DELETE', 'GET', 'HEAD'] },
  { url: random => `/files/${word(random)}/${word(random)}.txt`, allow: ['GET', 'HEAD', 'PUT'] },
  { url: random => `/orders/${random(1e6)}`, allow: ['GET', 'HEAD', 'PATCH'] },
  { url: random => `/at/${random(24)}h-${random(60)}m`, allow: ['GET', 'HEAD'] },
  { url: () => '/versioned', allow: ['GET', 'HEAD'], headers: 'accept-version: 1.x\r\n' },
  { url: random => `/api/things/${word(random)}`, allow: ['POST'] }
]

const UNKNOWN = [
  { url: random => `/${word(random)}`, allow: [] },
  { url: random => `/users/${word(random)}/${word(random)}`, allow: [] },
  { url: random => `/orders/x${word(random)}`, allow: [] },
  { url: random => `/api/${word(random)}`, allow: [] },
  { url: () => '/versioned', allow: [] },
  { url: random => `/users/${'x'.repeat(101)}${random(10)}`, allow: [], except: ['DELETE', 'GET', 'HEAD'] } // 414 for these
]

/** Seldom, since they are large. */
const LARGE = [
  { url: random => `/files/${LONG}${word(random)}`, allow: ['GET', 'HEAD', 'PUT'] },
  { url: random => `/many${`/${word(random)}`.repeat(100)}`, allow: ['GET', 'HEAD'] },
  { url: random => `/${LONG}${word(random)}`, allow: [] }
]

/** @returns `{ method, status, allow, bytes }`: what is sent, and what comes back */
export function randomRequest (random, id) {
  const kind = random(100)
  if (kind < 1) return compose(random, LARGE[random(LARGE.length)], id)
  if (kind < 35) return compose(random, UNKNOWN[random(UNKNOWN.length)], id)
  return compose(random, KNOWN[random(KNOWN.length)], id)
}

function compose (random, { url, allow, except = allow, headers = '' }, id) {
  const isRouted = allow.length > 0 && random(10) === 0
  const wrong = SPOKEN.filter(method => !except.includes(method))
  const method = isRouted ? allow[random(allow.length)] : wrong[random(wrong.length)]
  const status = isRouted ? 200 : allow.length > 0 ? 405 : 404
  const body = status === 405 ? bodyOf(random) : 'content-type: text/plain\r\ncontent-length: 1\r\n\r\nx'
  const target = url(random)
  return {
    method,
    status,
    allow: allow.join(', '),
    id,
    bytes: `${method} ${target} HTTP/1.1\r\nhost: a.example\r\n${id === undefined ? '' : `x-id: ${id}\r\n`}${headers}${body}`
  }
}

/** The end of a message; a 405 does not look at its body, whatever that is. */
function bodyOf (random) {
  switch (random(4)) {
    case 0: return 'content-type: application/json\r\ncontent-length: 1\r\n\r\n{'
    case 1: return `content-type: nonsense\r\ncontent-length: 2000\r\n\r\n${'x'.repeat(2000)}`
    case 2: return 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
    default: return '\r\n'
  }
}
