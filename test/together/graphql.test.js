import { ApolloServer } from '@apollo/server'
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify'
import { createSchema, createYoga } from 'graphql-yoga'
import { declare, together } from './helpers.js'

const typeDefs = 'type Query { name: String }'
const resolvers = { Query: { name: () => 'ada' } }
const query = { method: 'POST', url: '/graphql', payload: { query: '{ name }' } }

together('graphql-yoga: the methods that it is routed for', async app => {
  const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false })
  app.route({ url: yoga.graphqlEndpoint, method: ['GET', 'POST', 'OPTIONS'], handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, { request, reply }) })
  declare(app, 'GET /users')
}, {
  untouched: [query, 'GET /graphql', 'GET /nope'],
  refused: [['PUT /graphql', 'GET, HEAD, OPTIONS, POST'], ['PUT /users', 'GET, HEAD']]
})

together('@as-integrations/fastify: the methods that Apollo Server is routed for', async app => {
  const apollo = new ApolloServer({ typeDefs, resolvers, plugins: [fastifyApolloDrainPlugin(app)] })
  await apollo.start()
  await app.register(fastifyApollo(apollo))
  declare(app, 'GET /users')
}, {
  untouched: [query, 'GET /nope'],
  refused: [['DELETE /graphql', 'GET, HEAD, OPTIONS, POST'], ['PUT /users', 'GET, HEAD']]
})
