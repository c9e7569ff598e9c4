/** Servers that are compared: the module that serves, how many routes it declares, and what else the module takes. */
export const SUBJECTS = {
  bare: { title: 'node:http, the same bytes', file: './servers/bare.js' },
  ours: { title: 'fastify-allowed-methods', file: './servers/fastify.js', plugin: 'first' },
  large: { title: 'fastify-allowed-methods, 10,000 routes', file: './servers/fastify.js', plugin: 'first', routes: 10_000 },
  fastify: { title: 'Fastify without the plugin', file: './servers/fastify.js' },
  'fastify-allow': { title: 'fastify-allow', file: './peers/fastify-allow.js' },
  hono: { title: 'hono, method-not-allowed', file: './peers/hono.js' },
  koa: { title: '@koa/router, allowedMethods', file: './peers/koa.js' },
  restify: { title: 'restify', file: './peers/restify.js' },
  express: { title: 'express', file: './peers/express.js' },
  hapi: { title: 'hapi', file: './peers/hapi.js' }
}

export const PEERS = ['fastify-allow', 'hono', 'koa', 'restify', 'express', 'hapi']

/**
 * Comparisons by the name that `--only` takes: the servers that are loaded in turn, and with which request.
 */
export const COMPARISONS = {
  matched: { request: 'matched', subjects: ['ours', 'fastify'] },
  heap: { request: 'matched', subjects: ['ours', 'fastify'], figure: 'heap' },
  'not-found': { request: 'unknown', subjects: ['ours', 'fastify'] },
  'not-allowed': { request: 'refused', subjects: ['ours', 'fastify', 'large', 'bare'] },
  again: { request: 'again', subjects: ['ours', 'fastify', 'bare'] },
  peers: { request: 'refused', subjects: ['bare', 'ours', 'fastify', ...PEERS] }
}

/** What the start of an app with 10,000 routes is compared with, by `--only start`. */
export const STARTS = { without: {}, first: { plugin: 'first' }, last: { plugin: 'last' } }

/** Rows of the table: a figure of one subject over that of another, and the most that it may be. */
export const ROWS = [
  { what: 'matched GET, CPU: with the plugin / without', only: 'matched', of: 'ours', to: 'fastify', target: 1.01 },
  { what: 'matched GET, heap allocated: with / without', only: 'heap', of: 'ours', to: 'fastify', target: 1.01 },
  { what: '404, CPU: with / without', only: 'not-found', of: 'ours', to: 'fastify', target: 1.08 },
  { what: "405 / Fastify's own 404 without the plugin, CPU", only: 'not-allowed', of: 'ours', to: 'fastify', target: 1 },
  { what: "405 for 500 URLs in turn / Fastify's own 404, CPU", only: 'again', of: 'ours', to: 'fastify', target: 1 },
  { what: '405 for 500 URLs in turn / the same bytes by node:http alone, CPU', only: 'again', of: 'ours', to: 'bare', target: 1.2 },
  { what: '405, CPU: at 10,000 routes / at 20', only: 'not-allowed', of: 'large', to: 'ours', target: 1.05 },
  { what: '405 / the same bytes by node:http alone, CPU', only: 'not-allowed', of: 'ours', to: 'bare', target: 1.2 },
  ...PEERS.map(to => ({ what: `405 / ${SUBJECTS[to].title}, CPU`, only: 'peers', of: 'ours', to, target: 1 })),
  ...['first', 'last'].flatMap(of => [['cpu', 'CPU until ready'], ['heap', 'heap']].map(([figure, what]) => ({
    what: `10,000 routes, plugin ${of}, ${what}: with / without`, only: 'start', of: `${of} ${figure}`, to: `without ${figure}`, target: 1.03
  })))
]
