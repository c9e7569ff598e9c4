/** Servers that are compared: the module that serves, how many routes it declares, and what else the module takes. */
export const SUBJECTS = {
  bare: { title: 'node:http, the same bytes', file: './servers/bare.js' },
  ours: { title: 'fastify-allowed-methods', file: './servers/fastify.js', plugin: 'first' },
  large: { title: 'fastify-allowed-methods, 10,000 routes', file: './servers/fastify.js', plugin: 'first', routes: 10_000 },
  fastify: { title: 'Fastify without the plugin', file: './servers/fastify.js' },
  hook: { title: 'Fastify, a hook that does nothing', file: './servers/hook.js', does: 'nothing' },
  untyped: { title: 'Fastify, a hook that does nothing, without TypeBox', file: './servers/hook.js', does: 'nothing', typebox: false },
  write: { title: 'Fastify, a hook that writes the same bytes', file: './servers/hook.js', does: 'write' },
  writeLarge: { title: 'Fastify, a hook that writes the same bytes, 10,000 routes', file: './servers/hook.js', does: 'write', routes: 10_000 },
  search: { title: 'Fastify, a hook that searches and writes the same bytes', file: './servers/hook.js', does: 'search' },
  searchLarge: { title: 'Fastify, a hook that searches and writes the same bytes, 10,000 routes', file: './servers/hook.js', does: 'search', routes: 10_000 },
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
  matched: { request: 'matched', subjects: ['ours', 'fastify', 'hook', 'untyped'] },
  heap: { request: 'matched', subjects: ['ours', 'fastify', 'hook'], figure: 'heap' },
  'not-found': { request: 'unknown', subjects: ['ours', 'fastify', 'search'] },
  'not-found-again': { request: 'unknownAgain', subjects: ['ours', 'fastify', 'hook'] },
  'not-allowed': { request: 'refused', subjects: ['ours', 'fastify', 'large', 'bare', 'search', 'searchLarge'] },
  again: { request: 'again', subjects: ['ours', 'fastify', 'large', 'bare', 'write', 'writeLarge', 'fastify-allow'] },
  peers: { request: 'refused', subjects: ['bare', 'ours', 'fastify', 'search', ...PEERS] }
}

/** What the start of an app with 10,000 routes is compared with, by `--only start`. */
export const STARTS = { without: {}, first: { plugin: 'first' }, last: { plugin: 'last' }, least: { plugin: 'least' } }

/**
 * Rows of the table: a figure of one subject over that of another, and the most that it may be; and the least that a plugin with such a
 * hook and TypeBox can reach, as the same ratio of one that does nothing (on a match, and where nothing is found in turn), that searches, or
 * that only writes (where a URL is refused again).
 */
export const ROWS = [
  { what: 'matched GET, CPU: with the plugin / without', only: 'matched', of: 'ours', to: 'fastify', target: 1.01, least: ['hook', 'fastify'] },
  { what: 'matched GET, heap allocated: with the plugin / without', only: 'heap', of: 'ours', to: 'fastify', target: 1.01, least: ['hook', 'fastify'] },
  { what: '404, CPU: with the plugin / without', only: 'not-found', of: 'ours', to: 'fastify', target: 1.08, least: ['search', 'fastify'] },
  { what: '404 for 500 URLs in turn, CPU: with the plugin / without', only: 'not-found-again', of: 'ours', to: 'fastify', target: 1.08, least: ['hook', 'fastify'] },
  { what: "405 / Fastify's own 404 without the plugin, CPU", only: 'not-allowed', of: 'ours', to: 'fastify', target: 1, least: ['search', 'fastify'] },
  { what: "405 for 500 URLs in turn / Fastify's own 404, CPU", only: 'again', of: 'ours', to: 'fastify', target: 1, least: ['write', 'fastify'] },
  { what: '405, CPU: at 10,000 routes / at 20', only: 'not-allowed', of: 'large', to: 'ours', target: 1.05, least: ['searchLarge', 'search'] },
  { what: '405 for 500 URLs in turn, CPU: at 10,000 routes / at 20', only: 'again', of: 'large', to: 'ours', target: 1.05, least: ['writeLarge', 'write'] },
  { what: '405 / the same bytes by node:http alone, CPU', only: 'not-allowed', of: 'ours', to: 'bare', target: 1.2, least: ['search', 'bare'] },
  { what: '405 for 500 URLs in turn / the same bytes by node:http alone, CPU', only: 'again', of: 'ours', to: 'bare', target: 1.2, least: ['write', 'bare'] },
  ...PEERS.map(to => ({ what: `405 / ${SUBJECTS[to].title}, CPU`, only: 'peers', of: 'ours', to, target: 1, least: ['search', to] })),
  { what: '405 for 500 URLs in turn / fastify-allow, CPU', only: 'again', of: 'ours', to: 'fastify-allow', target: 1, least: ['write', 'fastify-allow'] },
  ...['first', 'last'].flatMap(of => [['cpu', 'CPU until ready'], ['heap', 'heap']].map(([figure, what]) => ({
    what: `10,000 routes, plugin ${of}, ${what}: with the plugin / without`,
    only: 'start',
    of: `${of} ${figure}`,
    to: `without ${figure}`,
    target: 1.03,
    least: [`least ${figure}`, `without ${figure}`]
  })))
]
