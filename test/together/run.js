/**
 * Runs every test of this folder against the built plugin, and prints figures: `npm run test:together` in the project's root.
 *
 * Each is run by node itself: the loaders of tap's command resolve some imports of NestJS otherwise than node does.
 *
 * It ends with a non-zero status where a test fails, where none ran, or where more than one Fastify is in play.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const read = path => JSON.parse(readFileSync(folder + path, 'utf8'))
const PARALLEL = 2

function install () {
  const { status } = spawnSync('npm', ['ls', '--depth=0'], { cwd: folder, stdio: 'ignore' })
  if (status !== 0) execFileSync('npm', ['ci'], { cwd: folder, stdio: 'inherit' })
}

/** Versions of Fastify below this folder; the built plugin imports none. */
function fastifyVersions () {
  const { packages } = read('package-lock.json')
  return Object.entries(packages).filter(([path]) => /(^|\/)node_modules\/fastify$/.test(path)).map(([, { version }]) => version)
}

/** Runs one file, and gives what tap counts in its last lines. */
async function run (file) {
  const child = spawn(process.execPath, [folder + file], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 })
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk
  const status = child.exitCode ?? await new Promise(resolve => child.once('exit', resolve))
  const count = name => Number(new RegExp(`^# \\{.*\\b${name}: (\\d+)`, 'm').exec(output)?.[1] ?? 0)
  const failed = status !== 0 || count('pass') === 0 || count('pass') !== count('total')
  if (failed) console.log(output)
  console.log(`${failed ? 'FAILED' : 'passed'}  ${file}: ${count('pass')} of ${count('total')} assertions`)
  return { tests: [...output.matchAll(/^(?:not )?ok \d/gm)].length, assertions: count('total'), failed }
}

install()
const start = performance.now()
const files = readdirSync(folder).filter(name => name.endsWith('.test.js'))
const results = []
await Promise.all(Array.from({ length: PARALLEL }, async () => {
  for (let file = files.shift(); file !== undefined; file = files.shift()) results.push(await run(file))
}))

const { dependencies } = read('package.json')
console.log(Object.keys(dependencies).map(name => `${name} ${read(`node_modules/${name}/package.json`).version}`).join(', '))
const sum = name => results.reduce((total, result) => total + Number(result[name]), 0)
const fastify = fastifyVersions()
console.log(`${sum('tests')} tests, ${sum('assertions')} assertions, ${sum('failed')} of ${results.length} files failed; ` +
  `${((performance.now() - start) / 1000).toFixed(1)} s; fastify ${fastify.join(' and ')}, Node.js ${process.version}`)
process.exitCode = sum('failed') > 0 || sum('tests') === 0 || fastify.length !== 1 ? 1 : 0
