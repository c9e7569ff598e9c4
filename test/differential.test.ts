import t from 'tap'
import { check } from './differential/check.js'
import { published } from './differential/subject.js'

t.test('random apps answer as they do without the plugin, but for a 405 with exactly the methods that are routed there', async t => {
  const { failure, cases, kinds } = await check(published, { seed: 1, apps: 400 })
  t.equal(failure, undefined)
  t.ok(cases > 3000, `${cases} cases`)
  for (const [kind, { cases }] of Object.entries(kinds)) t.ok(cases > 300, `${cases} ${kind}`)
})

t.test('the comparison finds what is wrong, and shows it in a small app', async t => {
  const { failure } = await check(app => app.register(async () => {}), { seed: 3, apps: 50 })
  t.match(failure, /rule: '(a|OPTIONS on a) known URL gets a (405|204)'/)
  t.equal(failure?.match(/route: /g)?.length, 1)
})
