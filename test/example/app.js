import Fastify from 'fastify'
import allowedMethods from 'fastify-allowed-methods'

const app = Fastify()

app.register(allowedMethods)

app.get('/users/:id', async request => request.params)
app.delete('/users/:id', async (request, reply) => reply.code(204).send())

console.log(`Listening on ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`)
