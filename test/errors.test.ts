import t from 'tap'
import { InvalidArgumentError, InvalidOptionError, InvalidProblemError, show } from '../plugin/errors.js'

t.test('each error has a code of its own, and is a 500', async t => {
  for (const [ErrorClass, code] of [
    [InvalidOptionError, 'FST_ALLOWED_METHODS_INVALID_OPTION'],
    [InvalidArgumentError, 'FST_ALLOWED_METHODS_INVALID_ARGUMENT'],
    [InvalidProblemError, 'FST_ALLOWED_METHODS_INVALID_PROBLEM']
  ] as const) {
    const error = new ErrorClass('100% wrong')
    t.ok(error instanceof Error)
    t.strictSame([error.code, error.statusCode, error.message], [code, 500, '100% wrong'])
  }
})

t.test('show: on one line, and short', async t => {
  t.equal(show('yes'), "'yes'")
  t.equal(show(undefined), 'undefined')
  t.equal(show({ a: { b: 1 }, c: [1] }), '{ a: [Object], c: [Array] }')
  t.equal(show('x'.repeat(78)), `'${'x'.repeat(78)}'`)
  t.equal(show('x'.repeat(79)), `'${'x'.repeat(78)}…`)
  t.equal(show({ text: 'x'.repeat(60), a: 1 }), `{ text: '${'x'.repeat(60)}', a: 1 }`)
  t.match(show({ [Symbol.for('nodejs.util.inspect.custom')]: () => { throw new Error('no') }, a: 1 }), 'a: 1', 'without calling what a value brings')
  for (const long of ['x'.repeat(1e4), Array(1e4).fill('y'), Object.fromEntries(Array(1e4).entries()), new Map([['x'.repeat(1e4), 'line\n'.repeat(100)]])]) {
    t.equal(show(long).length, 80)
    t.notMatch(show(long), '\n')
  }
})
