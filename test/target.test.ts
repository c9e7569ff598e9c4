import t from 'tap'
import { routedPath, toUriReference } from '../plugin/target.js'
import { build } from './helpers.js'

t.test('routedPath: what the router looks at', async t => {
  const app = build(t, { plugin: false })
  for (const [url, path] of [
    ['/users/42', '/users/42'], ['/users?a=/b', '/users'], ['/users#f?a', '/users'], ['/a?b#c', '/a'], ['/', '/'], ['/?', '/'], ['/a;b', '/a;b'],
    ['http://a.example/users?a', '/users'], ['HTTPS://a.example:443/', '/'], ['http://a.example', '/'], ['http://a.example?a=/b', '/'],
    ['/http://a.example/b', '/http://a.example/b'], ['ftp://a.example/b', 'ftp://a.example/b'], ['*', '*'], ['/a\n?b\nc', '/a\n']
  ] as const) t.equal(routedPath(app, url), path, url)
})

t.test('toUriReference: a path that a client resolves back to what it asked for', async t => {
  for (const [target, reference] of [
    ['/users/42?a', '/users/42'],
    ['/users', '/users'],
    ["/a-._~!$&'()*+,;=:@/%20", "/a-._~!$&'()*+,;=:@/%20"],
    ['/a b"<>\\^`{|}[]', '/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D'],
    ['/\t\x7f\x01', '/%09%7F%01'],
    ['/\xc3\xa9', '/%C3%A9'],
    ['/\xff', '/%FF'],
    ['/to/https://a.example/\xff', '/to/https://a.example/%FF'],
    ['/€𝄞', '/%E2%82%AC%F0%9D%84%9E'],
    ['/\ud834', '/%EF%BF%BD'],
    ['/100%', '/100%25'],
    ['/%zz%4', '/%25zz%254'],
    ['//evil.example/a', '/.//evil.example/a'],
    ['http://a.example//b', '/.//b'],
    ['ftp://a.example?a', '/'],
    ['javascript://a.example/%0aalert(1)', '/%0aalert(1)']
  ] as const) {
    t.equal(toUriReference(target), reference, JSON.stringify(target))
    t.equal(new URL(reference, 'http://a.example').host, 'a.example')
  }
})
