// The test suite on other versions of Fastify and Node.js: npm run test:versions [-- --record]
//
// The packed plugin is installed beside each Fastify, and test/*.test.ts is run against it by each Node.js.
// Left out are package.test.ts, example.test.ts, recipes.test.ts and documents.test.ts, which are about the repository and its tools, and
// differential.test.ts, which has a command of its own.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'

const FASTIFY = ['5.0.0', '5', '>=6.0.0-0']
const NODE = ['20', '22', '24']

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'fastify-allowed-methods-'))

try {
  const rows = await runAll()
  const failed = rows.some(row => row.failed > 0)
  const table = toTable(rows)
  console.log(`\n${table}`)
  if (failed) process.exitCode = 1
  else if (process.argv.includes('--record')) await record(table)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function runAll () {
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'junction') // tap, and the plugins that tests use
  const packed = (await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: project })).stdout.trim()
  const nodes = []
  for (const range of NODE) nodes.push(await installNode(range))
  const rows = []
  for (const range of FASTIFY) {
    const app = await installFastify(range, join(folder, packed))
    for (const node of nodes) rows.push(await runTests(app, node))
  }
  return rows
}

async function installNode (range) {
  const at = await install(`node-${range}`, [`node@${range}`])
  const binary = join(at, 'node_modules/node/bin/node')
  return { binary, version: (await run(binary, ['--version'])).stdout.trim().slice(1) }
}

/**
 * The peer range leaves Fastify 6 out, so npm has to be forced there, and only there. The oldest Fastify gets a router of its own
 * time, as a lock file may hold it: the first that knows QUERY.
 */
async function installFastify (range, packed) {
  const overrides = range === '5.0.0' ? { 'find-my-way': '9.1.0' } : {}
  const what = [`fastify@${range}`, packed, ...(range.startsWith('5') ? [] : ['--force'])]
  const at = await install(`fastify-${FASTIFY.indexOf(range)}`, what, overrides)
  for (const room of ['plugin', 'types']) {
    await symlink(join(at, 'node_modules/fastify-allowed-methods/dist/esm', room), join(at, room), 'junction')
  }
  return { at, tests: await transpileTests(at), version: await versionOf(join(at, 'node_modules/fastify')) }
}

async function install (name, what, overrides = {}) {
  const at = join(folder, name)
  await mkdir(at)
  await writeFile(join(at, 'package.json'), JSON.stringify({ type: 'module', overrides }))
  await run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...what], { cwd: at })
  return at
}

async function versionOf (path) {
  return JSON.parse(await readFile(join(path, 'package.json'), 'utf8')).version
}

/** Types are left to `npm run check`. */
async function transpileTests (at) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 }
  const sources = (await readdir(join(project, 'test'))).filter(file => /\.ts$/.test(file) && !/^(package|example|recipes|documents|differential)\./.test(file))
  await mkdir(join(at, 'test'))
  for (const file of sources) {
    const source = await readFile(join(project, 'test', file), 'utf8')
    await writeFile(join(at, 'test', file.replace(/ts$/, 'js')), ts.transpileModule(source, { compilerOptions }).outputText)
  }
  return sources.filter(file => file.endsWith('.test.ts')).map(file => `test/${file.replace(/ts$/, 'js')}`)
}

/** Fastify 6 may refuse a Node.js; then there is nothing to test. */
async function runTests ({ at, tests, version }, node) {
  const row = { fastify: version, node: node.version, passed: 0, failed: 0, skipped: 0 }
  try {
    await run(node.binary, ['--eval', "import('fastify').then(({ default: Fastify }) => Fastify().ready())"], { cwd: at })
  } catch (error) {
    console.error(String(error.stderr))
    return { ...row, passed: 'does not start', failed: version.startsWith('6') ? 0 : 1 }
  }
  for (const file of tests) {
    const { output, passed, failed, skipped } = await runTest(at, file, node.binary)
    row.passed += passed
    row.failed += failed
    row.skipped += skipped
    if (failed > 0) console.error(`Fastify ${version}, Node.js ${node.version}, ${file}\n${output}`)
  }
  console.log(`Fastify ${version}, Node.js ${node.version}: ${row.passed} passed, ${row.failed} failed`)
  return row
}

/** A test file is a program that writes TAP, with tap's summary at its end: `# { total: 5, pass: 4, fail: 1 }`. */
async function runTest (cwd, file, binary) {
  const { stdout, stderr, code = 0 } = await run(binary, [file], {
    cwd, timeout: 120_000, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, TAP: '1' }
  }).catch(error => ({ code: 1, ...error }))
  const summary = stdout.match(/^# \{ .* \}$/gm)?.at(-1) ?? ''
  const count = name => Number(new RegExp(`${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
  const complete = code === 0 && count('pass') > 0
  return { output: stdout + stderr, passed: count('pass'), failed: count('fail') || (complete ? 0 : 1), skipped: count('skip') }
}

function toTable (rows) {
  const names = ['Fastify', 'Node.js', 'passed', 'failed', 'skipped']
  const lines = [names, names.map(() => '---'), ...rows.map(Object.values)]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

async function record (table) {
  const today = new Date().toISOString().slice(0, 10)
  await writeFile(fileURLToPath(new URL('RESULT.md', import.meta.url)), `# Versions

\`npm run test:versions -- --record\`, ${today}, fastify-allowed-methods ${await versionOf(project)}. Assertions of test/*.test.ts, but those about the repository:

${table}

Skipped are \`disableRequestLogging\`, which as a function came after 5.0.0, and which Fastify 6 does not have; \`handlerTimeout\`, which came after 5.0.0; and
broken bodies that a hook unpacks, for the rest of which 5.0.0 itself waits. 5.0.0 has find-my-way 9.1.0, as an old lock file may hold it.
`)
}
