// How fast, and next to what: npm run bench [-- --rounds 20 --only matched --only not-found --record]
//
// The measure is CPU time of the server process per request, user and system. Servers are loaded in turn, the order rotates, and a
// figure is the median of the ratios within one round: on a shared machine that is steady where the throughput is not.
//
// --record writes the record; with --only, it replaces those comparisons in one of the same day, machine and versions, such as by more rounds
// where a ratio is near its target.

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
const result = {
  isOneCore: false, rows: [], figures: {}, date: new Date().toISOString().slice(0, 10), machine, versions: await versions(), load: TOOL
}
const recorded = record && only.length < NAMES.length ? await readRecord() : undefined
result.answers = await answers()
if (TOOL !== 'wrk') console.error(`wrk is not installed; ${TOOL}, in its place, gives other figures, which are not to be compared with those by wrk.`)

for (const name of only) {
  console.error(`${name} …`)
  if (name !== 'start') result.isOneCore = shareOneCore()
  const measured = name === 'start' ? await compareStarts(rounds) : await compare(COMPARISONS[name], rounds)
  result.rows.push(...ROWS.filter(row => row.only === name).map(row => judge(row, measured)))
  result.figures[name] = figuresOf(measured)
}

if (recorded !== undefined) {
  result.rows.push(...recorded.rows.filter(row => !only.includes(row.only)))
  result.figures = { ...recorded.figures, ...result.figures }
  result.isOneCore ||= recorded.isOneCore // which `start` alone does not tell
}
result.rows.sort((a, b) => placeOf(a) - placeOf(b))
console.log(toMarkdown(result))
if (record) {
  const write = (file, text) => writeFile(new URL(file, import.meta.url), text)
  await write('result.json', `${JSON.stringify(result, null, 2)}\n`)
  await write('RESULT.md', toPage(result))
  await write('chart.svg', toChart(result))
}

function options () {
  const values = parse({
    rounds: { type: 'string', default: '20' },
    only: { type: 'string', multiple: true, default: NAMES },
    record: { type: 'boolean', default: false }
  })
  for (const name of values.only) oneOf('only', NAMES, name)
  return { ...values, only: NAMES.filter(name => values.only.includes(name)), rounds: wholeNumber('rounds', values.rounds) }
}

/** The record of which some comparisons are replaced. */
async function readRecord () {
  const record = JSON.parse(await readFile(new URL('result.json', import.meta.url), 'utf8'))
  const other = ['date', 'machine', 'versions', 'load'].find(name => !isDeepStrictEqual(record[name], result[name]))
  return other === undefined ? record : fail(`--only with --record wants a record of the same date, machine, versions and load, and ${other} differs`)
}

function placeOf ({ what, to }) {
  return ROWS.findIndex(row => row.what === what && row.to === to)
}

/** What is wrong with the answers of each; nothing may be with ours, which node:http alone and the hooks have to write too. */
async function answers () {
  const wrong = {}
  for (const name of ['ours', 'large', 'fastify', ...PEERS]) wrong[name] = await wrongAnswers(name)
  const own = [...wrong.ours, ...wrong.large]
  if (own.length > 0) throw new Error(`the plugin answers wrongly: ${own.join('; ')}`)
  if (!await writeTheSame('ours', 'bare', 'write', 'search')) throw new Error('node:http alone, or a hook, does not write the bytes that the plugin does')
  return wrong
}

function judge (row, measured) {
  const ratio = ratios(measured, row.of, row.to)
  const least = ratios(measured, ...row.least)
  const meets = ({ median }) => PEERS.includes(row.to) ? median < row.target : median <= row.target
  return { ...row, rounds: measured.length, ...ratio, met: meets(ratio), least: { ...least, met: meets(least) } }
}

/** The figures of each subject, and their ratio to the bare server's where that is one of them. */
function figuresOf (measured) {
  const names = Object.keys(measured[0])
  return Object.fromEntries(names.map(name => [name, {
    ...summarize(measured.map(round => round[name])),
    ...names.includes('bare') && { toBare: ratios(measured, name, 'bare') }
  }]))
}
