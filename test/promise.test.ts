import t from 'tap'
import { andThen, isPromiseLike } from '../plugin/promise.js'

t.test('andThen: at once for a value, later for a promise or any thenable', async t => {
  t.equal(andThen(1, value => value + 1), 2)
  const promised = andThen(Promise.resolve(1), value => value + 1)
  t.ok(promised instanceof Promise)
  t.equal(await promised, 2)
  const thenable = { then: (resolve: (value: number) => void) => resolve(1) } as PromiseLike<number>
  t.equal(await andThen(thenable, value => value + 1), 2)
  await t.rejects(async () => await andThen(Promise.reject(new Error('no')), () => 1), { message: 'no' })
})

t.test('isPromiseLike', async t => {
  for (const value of [undefined, null, 1, {}, { then: 1 }]) t.notOk(isPromiseLike(value))
  t.ok(isPromiseLike(Promise.resolve()))
})
