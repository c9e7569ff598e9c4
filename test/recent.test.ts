import t from 'tap'
import { RecentMethods, hashOf } from '../plugin/recent.js'

t.test('keeps what is asked twice, but no long URL', async t => {
  const recent = new RecentMethods()
  const count = (url: string) => {
    let found = 0
    t.strictSame(recent.methodsOf(url, () => { found++; return [url] }), [url])
    return found
  }
  t.strictSame(['/a', '/a', '/a', '/b', '/a'].map(count), [1, 1, 0, 1, 0])
  t.strictSame(Array.from({ length: 3 }, () => Array.from({ length: 500 }, (_, i) => count(`/users/${i}`)).reduce((a, b) => a + b))
    .map(sum => sum > 490 ? 'all' : sum < 30 ? 'few' : sum), ['all', 'all', 'few'])
  t.strictSame([200, 201].map(length => [1, 2, 3].map(() => count('/'.padEnd(length, 'x')))), [[1, 1, 0], [1, 1, 1]])
})

t.test('two URLs with the same place, or with the same hash, are never taken for one another', async t => {
  const recent = new RecentMethods()
  const wrong: string[] = []
  const urls = Array.from({ length: 20_000 }, (_, i) => `/users/${i}`)
  for (const url of [...urls, ...urls.flatMap(url => [url, url, url])]) {
    if (recent.methodsOf(url, () => [url])[0] !== url) wrong.push(url)
  }
  t.strictSame(wrong, [])
  const [one, other] = sameHash(urls)
  for (const url of [one, other, one, other, other, one, one, one, other]) t.strictSame(recent.methodsOf(url, () => [url]), [url])
})

function sameHash (urls: readonly string[]): [string, string] {
  const byHash = new Map<number, string>()
  for (let i = 0; ; i++) {
    const url = `${urls[i % urls.length]}/${i}`
    const other = byHash.get(hashOf(url))
    if (other !== undefined) return [other, url]
    byHash.set(hashOf(url), url)
  }
}
