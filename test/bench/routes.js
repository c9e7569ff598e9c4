/** Resources have names of equal length, so that an answer has the same size in a small app and in a large one. */
const FIRST = 1000
const ROUTES = [['GET', ''], ['POST', ''], ['GET', '/:id'], ['PUT', '/:id'], ['DELETE', '/:id']]

/**
 * Routes as a REST service has them: five for each resource, half of them parametric.
 *
 * @param count a multiple of five
 */
export function routesOf (count) {
  return Array.from({ length: count }, (_, i) => {
    const [method, rest] = ROUTES[i % ROUTES.length]
    return { method, url: `/resource${FIRST + Math.floor(i / ROUTES.length)}${rest}` }
  })
}

/**
 * What is asked for. A load puts `FIRST_ID` to `LAST_ID` behind the path, in turn, so that no answer can be kept from the last request.
 * `status` is what the plugin answers; without it, `refused` is a 404. Those called again ask for 500 ids alone (to their `last`), as a client
 * that is wrong asks again: the plugin keeps what it found at URLs that were asked twice.
 */
export const REQUESTS = {
  matched: { method: 'GET', path: '/resource1002/', status: 200 },
  refused: { method: 'POST', path: '/resource1002/', status: 405 },
  again: { method: 'POST', path: '/resource1002/', status: 405, last: 1499 },
  unknown: { method: 'GET', path: '/nonesuch1002/', status: 404 },
  unknownAgain: { method: 'GET', path: '/nonesuch1002/', status: 404, last: 1499 }
}
export const FIRST_ID = 1000
export const LAST_ID = 9999
