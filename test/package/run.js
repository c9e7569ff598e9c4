// The packed plugin as its users get it: npm run test:package
//
// In fresh folders it is installed, compiled against by each TypeScript, run by each Node.js, and tried by the first screen of the README.
// It ends with a non-zero status where one of them fails, or where the budget is exceeded.

import assert from 'node:assert/strict'
import { exec, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const NODE = ['20', '22', '24']
const TYPESCRIPT = ['5.9', '6.0', '7.0']
const RESOLUTION = { node16: 'node16', nodenext: 'nodenext', bundler: 'preserve' } // to `module`
const CONSUMERS = { 'consumer.mts': 'consumer.ts', 'consumer.cts': 'consumer.ts', 'require.cts': 'require.cts' } // to their sources
const STRICT = { strict: true, skipLibCheck: false, declaration: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: 'es2022', types: ['node'] }

/** Bytes and counts that a release must not exceed. `added` is what an app that has Fastify gets on top, the plugin included. */
const BUDGET = { files: 250, unpacked: 700_000, dependencies: 3, addedPackages: 3, added: 3_000_000 }

const run = promisify(execFile)
const shell = promisify(exec)
const project = fileURLToPath(new URL('../..', import.meta.url))
const name = 'fastify-allowed-methods'
const folder = await mkdtemp(join(tmpdir(), `${name}-`))

try {
  const [pack] = Object.values(JSON.parse((await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: project })).stdout))
  const packed = join(folder, pack.filename)
  await keepBudget(pack, packed)
  const nodes = []
  for (const range of NODE) nodes.push(await installNode(range))
  await tryReadme(packed, nodes)
  await runConsumers(await compileConsumers(packed), nodes)
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** In a folder with a package.json, lest npm choose one further up. */
async function install (at, ...what) {
  if (await mkdir(at, { recursive: true })) await writeFile(join(at, 'package.json'), '{}')
  await run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...what], { cwd: at })
  return at
}

async function installNode (range) {
  const at = await install(join(folder, `node-${range}`), `node@${range}`)
  const binary = join(at, 'node_modules/node/bin/node')
  return { binary, version: (await run(binary, ['--version'])).stdout.trim().slice(1) }
}

async function readManifest (at) {
  return JSON.parse(await readFile(join(at, 'package.json'), 'utf8'))
}

async function keepBudget (pack, packed) {
  const at = await install(join(folder, 'budget'), 'fastify@5')
  const before = await measure(at)
  await install(at, packed)
  const after = await measure(at)
  const dependencies = Object.keys((await readManifest(join(at, 'node_modules', name))).dependencies)
  const measured = {
    files: pack.entryCount,
    unpacked: pack.unpackedSize,
    dependencies: dependencies.length,
    addedPackages: after.packages - before.packages,
    added: after.bytes - before.bytes
  }
  const sizes = Object.entries(measured).map(([what, value]) => `${what} ${value} (at most ${BUDGET[what]})`)
  console.log(`Budget: ${sizes.join(', ')}; packed ${pack.size}`)
  for (const [what, value] of Object.entries(measured)) assert.ok(value <= BUDGET[what], `${what} exceeds the budget`)
}

/** What is installed in a folder: its packages, and the bytes of their files. */
async function measure (at) {
  const { packages } = JSON.parse(await readFile(join(at, 'package-lock.json'), 'utf8'))
  const entries = await readdir(join(at, 'node_modules'), { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile() && entry.name !== '.package-lock.json')
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size))
  return { packages: Object.keys(packages).length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

/** The README's first screen, word for word but for the tarball: its install line, its app, its reply, and its two lines to try. */
async function tryReadme (packed, nodes) {
  const readme = await readFile(join(project, 'README.md'), 'utf8')
  const [line] = /^npm install .+$/m.exec(readme)
  const [, app] = /^## A whole app\n[^]*?```js\n([^]+?)```/m.exec(readme)
  const [, body] = /^After [^]*?\n(\{\n[^]+?\n\})\n```/m.exec(readme)
  const tries = [...readme.matchAll(/^node .*-e '.+'$/gm)].map(([line]) => line)
  assert.equal(line, `npm install fastify ${name}`)
  assert.equal(tries.length, 2)

  const js = join(folder, 'readme-js')
  await mkdir(js)
  await shell('npm init --yes', { cwd: js })
  await shell(`${line.replace(name, `"${packed}"`)} --silent`, { cwd: js })
  await writeFile(join(js, 'app.mjs'), app)
  for (const { binary, version } of nodes) {
    await ask(js, 'app.mjs', binary, JSON.parse(body))
    const env = { ...process.env, PATH: dirname(binary) + delimiter + process.env.PATH }
    for (const line of tries) assert.equal((await shell(line, { cwd: js, env })).stdout, '405 GET, HEAD\n', line)
    console.log(`README, JavaScript, Node.js ${version}: 405, as it shows, and by import and by require`)
  }

  const ts = await install(join(folder, 'readme-ts'), packed, 'typescript', '@types/node')
  await shell('npm pkg set type=module', { cwd: ts })
  await writeFile(join(ts, 'app.ts'), app)
  await writeFile(join(ts, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICT, module: 'nodenext' } }))
  await shell('npx tsc', { cwd: ts })
  await ask(ts, 'app.js', process.execPath, JSON.parse(body))
  console.log(`README, TypeScript ${(await readManifest(join(ts, 'node_modules/typescript'))).version}: compiles, and 405, as it shows`)
}

/** Starts an app as a user would, and asks it what the README asks. */
async function ask (cwd, file, binary, expected) {
  const child = spawn(binary, [file], { cwd, env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit').then(([code]) => [`It exits with ${code}`])])
    assert.match(line, /^Listening on http:/)
    const reply = await fetch(new URL('/users/42', line.slice('Listening on '.length)), { method: 'PUT' })
    assert.equal(reply.status, 405)
    assert.equal(reply.headers.get('allow'), 'DELETE, GET, HEAD')
    assert.equal(reply.headers.get('content-type'), 'application/problem+json')
    assert.deepEqual(await reply.json(), expected)
  } finally {
    child.kill()
  }
}

/** Each TypeScript in each mode, over the types of all packages that the consumers reach. */
async function compileConsumers (packed) {
  const compilers = TYPESCRIPT.map(version => `typescript-${version}@npm:typescript@~${version}`)
  const at = await install(join(folder, 'consumers'), packed, 'fastify@5', '@fastify/swagger@9', '@sinclair/typebox@0.34', '@types/node@20', ...compilers)
  for (const [file, source] of Object.entries(CONSUMERS)) await copyFile(new URL(source, import.meta.url), join(at, file))
  for (const range of TYPESCRIPT) {
    const compiler = join(at, 'node_modules', `typescript-${range}`)
    const { version, bin } = await readManifest(compiler)
    for (const [moduleResolution, module] of Object.entries(RESOLUTION)) {
      const compilerOptions = { ...STRICT, module, moduleResolution, rootDir: '.', outDir: moduleResolution, noEmit: module === 'preserve' }
      await writeFile(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(CONSUMERS) }))
      const others = await compile(at, join(compiler, bin.tsc))
      console.log(`TypeScript ${version}, ${moduleResolution}, strict, skipLibCheck off: no error${others && `; in other packages' types: ${others}`}`)
    }
  }
  return join(at, 'node16')
}

/** Fails on an error in the plugin's types or in a consumer; gives those in other packages, which are not the plugin's to mend. */
async function compile (cwd, tsc) {
  const { code, stdout } = await run(process.execPath, [tsc, '--pretty', 'false'], { cwd }).then(({ stdout }) => ({ code: 0, stdout }), error => error)
  const errors = stdout.split('\n').filter(line => /\berror TS\d/.test(line))
  const others = errors.filter(line => line.startsWith('node_modules/') && !line.startsWith(`node_modules/${name}/`))
  assert.deepEqual(errors.filter(line => !others.includes(line)), [], stdout)
  assert.ok(code === 0 || others.length > 0, stdout)
  return others.join('\n')
}

async function runConsumers (at, nodes) {
  for (const { binary, version } of nodes) {
    const files = Object.keys(CONSUMERS).map(file => file.replace(/ts$/, 'js'))
    for (const file of files) await run(binary, [file], { cwd: at })
    console.log(`Node.js ${version}: ${files.join(', ')} run as they should`)
  }
}
