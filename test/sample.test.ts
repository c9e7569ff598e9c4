import t from 'tap'
import { samplesOf } from '../plugin/sample.js'

const any = () => true

t.test('a URL that a pattern takes', async t => {
  const cases: [string, string[] | string][] = [
    ['/', ['/']],
    ['*', ['/x']],
    ['/a/*', ['/a/x']],
    ['/a*', ['/ax']],
    ['/users/:id', ['/users/x']],
    ['/users/:id/posts/:post/', ['/users/x/posts/x/']],
    ['/a::b/é/a%20b/💡', ['/a:b/%C3%A9/a%2520b/%F0%9F%92%A1']],
    ['/:from-:to.:format', ['/x-x.x']],
    ['/:opt?', ['/', '/x']],
    ['/a/:opt?/', ['/a/', '/a/x/']],
    ['/:id(^\\d+$)', ['/1']],
    ['/:year(^\\d{4}$)-:month(^(0[1-9]|1[0-2])$)', ['/2026-01']],
    ['/at/:hour(^\\d{2}$)h:minute(^\\d{2}$)m', ['/at/01h01m']],
    ['/:file(^(a\\)|x)$).txt', ['/x.txt']],
    ['/:isbn(^[0-9]{13}$)/*', [`/${'1'.repeat(13)}/x`]],
    ['/:id(^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)', ['/123e4567-e89b-42d3-a456-426614174000']],
    ['/:code(^QX[0-9]$)', ':code(^QX[0-9]$)'],
    ['/:id(^y?\\d$)/:part?', ['/1', '/1/x']],
    ['/users/:id/posts/:id', ['/users/x/posts/x']]
  ]
  for (const [pattern, urls] of cases) t.strictSame(samplesOf(pattern, {}, any), urls, encodeURI(pattern))
})

t.test('a value for each usual shape of a parameter', async t => {
  for (const expression of [
    '\\d+', '[a-z]+', '[A-Z]', '[a-z]-[a-z]', '[a-z]_[a-z]', '[a-z]\\.[a-z]', '(en|de)', '[a-z]{2}-[A-Z]{2}', '(true|false)', '-\\d+', '\\d+\\.\\d+',
    '\\d+\\.\\d+\\.\\d+', 'v\\d+', '20\\d\\d', '0[1-9]', '20\\d\\d-(0[1-9]|1[0-2])', '20\\d\\d-\\d\\d-\\d\\d', '[^@]+@[^@]+', '(\\d+\\.){3}\\d+', '[^.]+\\.(jpg|png)',
    '[0-7][0-9A-HJKMNP-TV-Z]{25}', '\\d{24}', '[0-9a-f]{24}', '[0-9A-F]{24}', '[A-Z]{2}'
  ]) {
    const [url] = samplesOf(`/:p(^${expression}$)`, {}, any)
    t.match(decodeURIComponent(String(url).slice(1)), new RegExp(`^${expression}$`), expression)
  }
})

t.test('values that are given take the place of those that are chosen', async t => {
  t.strictSame(samplesOf('/a/:opt?', { opt: 'b' }, any), ['/a', '/a/b'])
  t.strictSame(samplesOf('/:code(^QX[0-9]$)/:id/*', { code: 'QX1', id: 'a/b', '*': 'c/d e' }, any), ['/QX1/a%2Fb/c/d%20e'])
})

t.test('only values that are given count, whatever a parameter is called', async t => {
  t.strictSame(samplesOf('/:toString/:constructor', {}, any), ['/x/x'])
})

t.test('another value is tried where the router prefers another route, and in the end the pattern itself is missing', async t => {
  t.strictSame(samplesOf('/:id', {}, ({ url }) => url !== '/x'), ['/1'])
  t.strictSame(samplesOf('/:id', {}, ({ url }, byName) => !byName || url === '/1'), ['/1'], 'one that is found by name counts more')
  t.strictSame(samplesOf('/a/:id', {}, () => false), '/a/:id')
  t.strictSame(samplesOf('/:id/:id', {}, ({ names }) => names.join() === 'id,id'), ['/x/x'])
  t.strictSame(samplesOf('/:a/:b-:c(\\d)/*', {}, ({ names }) => names.join() === 'a,b,c,*'), ['/x/x-1/x'])
})
