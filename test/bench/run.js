// How fast, and next to what: npm run bench [-- --rounds 15 --only matched --only not-found --record]
//
// With --only, --record keeps the rest of the last record, if it was made on the same machine, with the same versions and as many rounds.
// The measure is CPU time of the server process per request, user and system. Servers are loaded in turn, the order rotates, and a
// figure is the median of the ratios within one round: on a shared machine that is steady where the throughput is not.

import { readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { wrongAnswers, writeTheSame } from './answers.js'
import { toChart } from './chart.js'
import { fail, oneOf, parse, wholeNumber } from './command.js'
import { compare, compareStarts } from './compare.js'
import { machine, shareOneCore, versions } from './environment.js'
import { TOOL } from './load.js'
import { toMarkdown, toPage } from './report.js'
import { ratios, summarize } from './statistics.js'
import { COMPARISONS, PEERS, ROWS } from './subjects.js'

const NAMES = ['start', ...Object.keys(COMPARISONS)] // a start wants both cores, for what V8 does beside it
const { rounds, only, record } = options()
const last = record && only.length < NAMES.length ? await lastRecord() : { isOneCore: false, rows: [], figures: {} }
const result = {
  ...last, date: new Date().toISOString().slice(0, 10), machine, versions: await versions(), load: TOOL, rounds, answers: await answers()
}
if (last.versions !== undefined && !isDeepStrictEqual(same(last), same(result))) fail('--only and --record want the machine, the versions and the rounds of the last record')

for (const name of only) {
  console.error(`${name} …`)
  if (name !== 'start') result.isOneCore = shareOneCore()
  const measured = name === 'start' ? await compareStarts(rounds) : await compare(COMPARISONS[name], rounds)
  result.rows = ROWS.flatMap(row => row.only === name ? judge(row, measured) : result.rows.filter(({ what, to }) => what === row.what && to === row.to))
  result.figures[name] = figuresOf(measured)
}

console.log(toMarkdown(result))
if (record) {
  const write = (file, text) => writeFile(new URL(file, import.meta.url), text)
  await write('result.json', `${JSON.stringify(result, null, 2)}\n`)
  await write('RESULT.md', toPage(result))
  await write('chart.svg', toChart(result))
}

function options () {
  const values = parse({
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', multiple: true, default: NAMES },
    record: { type: 'boolean', default: false }
  })
  for (const name of values.only) oneOf('only', NAMES, name)
  return { ...values, only: NAMES.filter(name => values.only.includes(name)), rounds: wholeNumber('rounds', values.rounds) }
}

async function lastRecord () {
  return JSON.parse(await readFile(new URL('result.json', import.meta.url), 'utf8'))
}

function same ({ machine, versions, load, rounds }) {
  return { machine, versions, load, rounds }
}

/** What is wrong with the answers of each; nothing may be with ours, which node:http alone has to write too. */
async function answers () {
  const wrong = {}
  for (const name of ['ours', 'large', 'fastify', ...PEERS]) wrong[name] = await wrongAnswers(name)
  const own = [...wrong.ours, ...wrong.large]
  if (own.length > 0) throw new Error(`the plugin answers wrongly: ${own.join('; ')}`)
  if (!await writeTheSame('ours', 'bare')) throw new Error('node:http alone does not write the bytes that the plugin does')
  return wrong
}

function judge (row, measured) {
  const ratio = ratios(measured, row.of, row.to)
  if (row.target === undefined) return { ...row, ...ratio }
  return { ...row, ...ratio, met: row.only === 'peers' ? ratio.median < row.target : ratio.median <= row.target }
}

/** The figures of each subject, and their ratio to the bare server's where that is one of them. */
function figuresOf (measured) {
  const names = Object.keys(measured[0])
  return Object.fromEntries(names.map(name => [name, {
    ...summarize(measured.map(round => round[name])),
    ...names.includes('bare') && { toBare: ratios(measured, name, 'bare') }
  }]))
}
