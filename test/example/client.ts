import { isMethodNotAllowedProblem } from 'fastify-allowed-methods'

/** Gives a book of the library another title, and says in a sentence how that went. */
export async function rename (library: string, isbn: string, title: string): Promise<string> {
  const response = await fetch(`${library}/v1/books/${isbn}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title })
  })
  const body: unknown = await response.json()
  if (isMethodNotAllowedProblem(body)) {
    return `This book cannot be renamed. It takes ${body.allow.join(', ')}` // allow is string[], status is 405
  }
  return response.ok ? `The book is now called ${title}` : `There was another problem: ${response.status}`
}
