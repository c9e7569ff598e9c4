import cors from '@fastify/cors'
import allowedMethods from 'fastify-allowed-methods'

/** A page of another origin sees a 405 and its Allow; without `exposedHeaders`, it reads the same list in the body. */
export default async function crossOrigin (app) {
  app.register(cors, { methods: '*', exposedHeaders: ['Allow'] }) // by default, a browser does not even send PUT, PATCH or DELETE
  app.register(allowedMethods)
}

crossOrigin[Symbol.for('skip-override')] = true
