import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { MethodNotAllowedProblem, ProblemDetails, isMethodNotAllowedProblem } from '../plugin/index.js'
import { toProblem } from '../plugin/problem.js'
import { build } from './helpers.js'

t.test('the detail names what the URL supports', async t => {
  const detail = (allow: string[]) => JSON.parse(toProblem({ originalUrl: '/a' } as never, allow, 'about:blank')).detail
  t.equal(detail([]), 'This URL supports no method.')
  t.equal(detail(['GET']), 'This URL supports GET.')
  t.equal(detail(['GET', 'HEAD']), 'This URL supports GET and HEAD.')
  t.equal(detail(['DELETE', 'GET', 'HEAD']), 'This URL supports DELETE, GET and HEAD.')
})

t.test('the body has the members that the schema declares, and no others', async t => {
  const app = build(t, { routes: ['GET /users'] })
  const body = (await app.inject({ method: 'PUT', url: '/users' })).json()
  t.strictSame(Object.keys(body), Object.keys(MethodNotAllowedProblem.properties))
  t.ok(Value.Check(MethodNotAllowedProblem, body))
  t.ok(Value.Check(ProblemDetails, body), 'it is a problem details object (RFC 9457)')
})

t.test("a body that does not satisfy the schema is the programmer's error, and names the member", async t => {
  const app = build(t)
  app.get('/a', async (_request, reply) => reply.sendMethodNotAllowed(['NO TOKEN']))
  const seen: (Error & { code?: string, statusCode?: number })[] = []
  app.setErrorHandler(async (error: Error, _request, reply) => {
    seen.push(error)
    return reply.code(500).send('failed')
  })
  const reply = await app.inject('/a')
  t.equal(reply.statusCode, 500)
  t.equal(reply.payload, 'failed')
  t.equal(seen[0]?.code, 'FST_ALLOWED_METHODS_INVALID_PROBLEM')
  t.equal(seen[0]?.statusCode, 500)
  t.match(seen[0]?.message, /^problem member '\/allow\/0' is invalid: Expected string to match .*, got 'NO TOKEN'$/)
})

t.test('isMethodNotAllowedProblem', async t => {
  const problem = { type: 'about:blank', title: 'x', status: 405, detail: 'x', instance: '/a', allow: ['GET'] }
  t.ok(isMethodNotAllowedProblem(problem))
  t.ok(isMethodNotAllowedProblem({ ...problem, hint: 'use GET' }), 'a client ignores members that it does not know (RFC 9457 §3.2)')
  t.ok(isMethodNotAllowedProblem({ ...problem, allow: [] }))
  for (const wrong of [null, 405, 'x', [], {}, { ...problem, status: 404 }, { ...problem, allow: 'GET' }, { ...problem, allow: ['GET', 'GET'] }, { ...problem, allow: ['a b'] }]) {
    t.notOk(isMethodNotAllowedProblem(wrong))
  }
})

t.test('ProblemDetails holds any problem, with extension members, and can be built on', async t => {
  t.ok(Value.Check(ProblemDetails, {}))
  t.ok(Value.Check(ProblemDetails, { type: 'about:blank', status: 404, balance: 30 }))
  t.notOk(Value.Check(ProblemDetails, { status: '404' }))
  t.notOk(Value.Check(ProblemDetails, { status: 99 }))
  const OutOfCredit = Type.Composite([ProblemDetails, Type.Object({ balance: Type.Number() })])
  t.notOk(Value.Check(OutOfCredit, { title: 'Out of credit' }))
  t.ok(Value.Check(OutOfCredit, { title: 'Out of credit', balance: 30 }))
})
