import type { MethodNotAllowedProblem } from 'fastify-allowed-methods'

/** Gives a book of the library another title, and says in a sentence how that went. */
export async function rename (library: string, isbn: string, title: string): Promise<string> {
  const response = await fetch(`${library}/v1/books/${isbn}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title })
  })
  if (response.status === 405) {
    const { allow } = await response.json() as MethodNotAllowedProblem
    return `This book cannot be renamed. It takes ${allow.join(', ')}`
  }
  return response.ok ? `The book is now called ${title}` : `There was another problem: ${response.status}`
}
