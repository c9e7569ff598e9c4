import { STATUS_CODES } from 'node:http'
import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import allowedMethods, { ProblemDetails } from 'fastify-allowed-methods'
import { documentMethodNotAllowed } from 'fastify-allowed-methods/openapi'

const Book = Type.Object({
  isbn: Type.String({ pattern: '^[0-9]{13}$' }),
  title: Type.String({ minLength: 1 }),
  withdrawn: Type.Boolean({ description: 'A withdrawn book can only be read' })
})
type Book = Static<typeof Book>

const Draft = Type.Pick(Book, ['isbn', 'title'])
const Changes = Type.Partial(Type.Pick(Book, ['title', 'withdrawn']))
const ByIsbn = Type.Object({ isbn: Type.String() })
const Search = Type.Object({ q: Type.String({ default: '', description: 'A part of the title' }) })
const Lent = Type.Null({ description: 'Lent' })
const Returned = Type.Null({ description: 'Returned' })
const Invalid = inDocument(400, 'The request is invalid')
const Missing = inDocument(404, 'There is no such book or loan')

/** The body of an error (RFC 9457). */
function toProblem (status: number, detail?: string): ProblemDetails {
  return { type: `https://httpwg.org/specs/rfc9110.html#status.${status}`, title: STATUS_CODES[status], status, detail }
}

/** A response in the OpenAPI document whose body is a problem. */
function inDocument (status: number, description: string) {
  return { description, content: { 'application/problem+json': { schema: ProblemDetails, example: toProblem(status, description) } } }
}

/** A small library: books that can be listed, searched, changed, withdrawn and lent. Its data lives in memory. */
export async function buildService (options: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(options).withTypeProvider<TypeBoxTypeProvider>()
  const books = new Map<string, Book>([
    ['9780131103627', { isbn: '9780131103627', title: 'The C Programming Language', withdrawn: false }],
    ['9780201038019', { isbn: '9780201038019', title: 'The Art of Computer Programming', withdrawn: true }]
  ])
  const loans = new Set<string>()

  await app.register(allowedMethods, { notFound: true })
  // Any method passes the preflight, so that a wrong one is answered 405 rather than kept back by the browser.
  // Allow is not in exposedHeaders: a page of another origin reads the same list in the body.
  await app.register(cors, { origin: '*', methods: '*' })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Library', version: '1.0.0' } },
    transformObject: document => documentMethodNotAllowed(document, app)
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })

  // What is invalid or fails is a problem too.
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const { statusCode = 500, message } = error
    if (statusCode >= 500) request.log.error(error)
    const problem = toProblem(statusCode, statusCode < 500 ? message : undefined)
    reply.code(statusCode).type('application/problem+json').serializer(JSON.stringify).send(problem)
  })

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())

  app.register(async library => {
    const api = library.withTypeProvider<TypeBoxTypeProvider>()

    api.get('/books', { schema: { response: { 200: Type.Array(Book) } } }, async () => [...books.values()])

    api.post('/books', { schema: { body: Draft, response: { 201: Book, 400: Invalid } } }, async (request, reply) => {
      const book = { ...request.body, withdrawn: false }
      books.set(book.isbn, book)
      return reply.code(201).header('location', `/v1/books/${book.isbn}`).send(book)
    })

    // Overlaps with /books/:isbn: what is supported here is what both take.
    api.get('/books/search', { schema: { querystring: Search, response: { 200: Type.Array(Book) } } }, async request => {
      const part = request.query.q.toLowerCase()
      return [...books.values()].filter(({ title }) => title.toLowerCase().includes(part))
    })

    api.get('/books/:isbn', { schema: { params: ByIsbn, response: { 200: Book, 404: Missing } } }, async (request, reply) =>
      books.get(request.params.isbn) ?? reply.callNotFound())

    api.patch('/books/:isbn', { schema: { params: ByIsbn, body: Changes, response: { 200: Book, 400: Invalid, 404: Missing } } }, async (request, reply) => {
      const book = books.get(request.params.isbn)
      if (book === undefined) return reply.callNotFound()
      if (book.withdrawn) return reply.sendMethodNotAllowed() // the state of this book forbids the method
      return Object.assign(book, request.body)
    })

    api.put('/books/:isbn/loan', { schema: { params: ByIsbn, response: { 204: Lent, 404: Missing } } }, async (request, reply) => {
      if (!books.has(request.params.isbn)) return reply.callNotFound()
      loans.add(request.params.isbn)
      return reply.code(204).send(null)
    })

    api.delete('/books/:isbn/loan', { schema: { params: ByIsbn, response: { 204: Returned, 404: Missing } } }, async (request, reply) => {
      if (!loans.delete(request.params.isbn)) return reply.callNotFound()
      return reply.code(204).send(null)
    })

    // Two versions of one URL: which methods it supports depends on the Accept-Version header.
    api.get('/report', { constraints: { version: '1.0.0' } }, async () => ({ books: books.size }))
    api.get('/report', { constraints: { version: '2.0.0' } }, async () => ({ books: books.size, loans: loans.size }))
    api.delete('/report', { constraints: { version: '2.0.0' } }, async (_request, reply) => {
      loans.clear()
      return reply.code(204).send()
    })
  }, { prefix: '/v1' })

  return app
}
