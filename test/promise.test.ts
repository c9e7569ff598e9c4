import t from 'tap'
import { andThen, attempt, callOption } from '../plugin/promise.js'

t.test('andThen: at once for a value, later for a promise', async t => {
  t.equal(andThen(1, value => value + 1), 2)
  const promised = andThen(Promise.resolve(1), value => value + 1)
  t.ok(promised instanceof Promise)
  t.equal(await promised, 2)
  await t.rejects(async () => await andThen(Promise.reject(new Error('no')), () => 1), { message: 'no' })
})

t.test('attempt: at once or later, and what goes wrong in the call or its promise', async t => {
  const oops = (): never => { throw new Error('oops') }
  const told = (error: unknown) => (error as Error).message
  t.equal(attempt(() => 'done', told), 'done')
  t.equal(attempt(oops, told), 'oops')
  t.equal(await attempt(async () => 'done', told), 'done')
  t.equal(await attempt(async () => oops(), told), 'oops')
})

t.test('callOption: what is no promise is given at once, any thenable as a promise', async t => {
  for (const value of [undefined, null, 1, {}, { then: 1 }]) t.equal(callOption('allow', () => value), value)
  for (const value of [Promise.resolve(1), { then: (resolve: (value: number) => void) => resolve(1) } as PromiseLike<number>]) {
    const given = callOption('allow', () => value)
    t.ok(given instanceof Promise)
    t.equal(await given, 1)
  }
})
