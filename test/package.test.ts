import { exec, execFile } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import ts from 'typescript'
import { FastifyAllowedMethodsOptions } from '../types/options.js'
import { ask, declare } from './helpers.js'

const run = promisify(execFile)
const shell = promisify(exec)
const root = new URL('..', import.meta.url)
const folder = fileURLToPath(root).replaceAll('\\', '/') // as TypeScript writes it
const read = (path: string) => readFile(new URL(path, root), 'utf8')
const manifest = JSON.parse(await read('package.json'))
const sources = (await Promise.all(['plugin', 'types'].map(async room => (await readdir(new URL(room, root))).map(file => `${room}/${file}`)))).flat()
const packed = await pack()

/** The files of the tarball. */
async function pack (): Promise<string[]> {
  const { stdout } = await shell('npm pack --dry-run --json', { cwd: root, env: { ...process.env, NODE_OPTIONS: '' } })
  const [{ files }] = Object.values(JSON.parse(stdout)) as [{ files: { path: string }[] }]
  return files.map(({ path }) => path)
}

t.test('what is published works by import and by require, and so do both in one app', async t => {
  const require = createRequire(import.meta.url)
  for (const load of [() => import('fastify-allowed-methods'), () => require('fastify-allowed-methods')]) {
    const app: FastifyInstance = Fastify()
    t.teardown(() => app.close())
    app.register(load())
    app.register(async api => {
      api.register(require('fastify-allowed-methods'), { type: '/api' })
      declare(api, 'GET /users')
    }, { prefix: '/api' })
    await app.register(require('fastify-allowed-methods'), { type: '/again' })
    declare(app, 'GET /users')
    t.equal((await app.inject({ method: 'PUT', url: '/users' })).json().type, '/again')
    t.equal(await ask(app, 'PUT', '/users'), 'GET, HEAD')
    t.equal((await app.inject({ method: 'PUT', url: '/api/users' })).json().type, '/api')
    t.ok(app.hasPlugin('fastify-allowed-methods'))
    const { default: plugin, fastifyAllowedMethods, ...rest } = await load()
    t.equal(plugin, fastifyAllowedMethods)
    t.strictSame(Object.keys(rest).filter(name => name !== 'module.exports').sort(), ['MethodNotAllowedProblem', 'ProblemDetails', 'isMethodNotAllowedProblem'])
  }
})

t.test("the README's lines for import and require", async t => {
  const readme = await read('README.md')
  const lines = [...readme.matchAll(/^node (.*-e) '(.+)'$/gm)]
  t.equal(lines.length, 2)
  for (const [, flags = '', script = ''] of lines) {
    const { stdout } = await run(process.execPath, [...flags.split(' '), script], { cwd: root })
    t.equal(stdout, '405 GET, HEAD\n', script)
  }
})

t.test("what only bodies of the app's own need is loaded for them alone", async t => {
  const script = (options: string) => `const app = require('fastify')()
    app.register(require('fastify-allowed-methods'), ${options}).ready().then(() => console.log(Object.keys(require.cache).some(file => /value.clean/.test(file))))`
  for (const [options, isLoaded] of [['{ throw: true }', false], ['{ problem: problem => problem }', true], ["{ schema: require('fastify-allowed-methods').MethodNotAllowedProblem }", true]] as const) {
    const { stdout } = await run(process.execPath, ['-e', script(options)], { cwd: root })
    t.equal(stdout, `${isLoaded}\n`, options)
  }
})

t.test('publint and attw have no remark, on any entry point in any resolution mode', { timeout: 120_000 }, async t => {
  const options = { cwd: root, env: { ...process.env, NODE_OPTIONS: '' }, maxBuffer: 1e8 }
  t.match((await shell('npx publint --strict', options)).stdout, 'All good!')
  const { analysis, problems } = JSON.parse((await shell('npx attw --pack . --format json', options)).stdout)
  t.strictSame(problems, {})
  t.strictSame(Object.keys(analysis.entrypoints), ['.', './openapi', './testing', './package.json'])
  for (const entry of ['.', './openapi', './testing']) {
    t.strictSame(Object.keys(analysis.entrypoints[entry].resolutions), ['node10', 'node16-cjs', 'node16-esm', 'bundler'], entry)
  }
})

t.test('the tarball holds the sources, what is built from them, and nothing else', async t => {
  const built = sources.flatMap(source => ['esm', 'cjs'].flatMap(format =>
    ['.js', '.js.map', '.d.ts', '.d.ts.map'].map(end => `dist/${format}/${source.replace('.ts', end)}`)))
  t.strictSame([...packed].sort(), ['LICENSE', 'README.md', 'package.json', 'dist/cjs/package.json', ...sources, ...built].sort())
})

t.test('every map in the tarball leads to a source in the tarball', async t => {
  for (const path of packed.filter(path => path.endsWith('.map'))) {
    const { sources } = JSON.parse(await read(path))
    const source = path.replace(/^dist\/\w+\//, '').replace(/(\.d\.ts|\.js)\.map$/, '.ts')
    t.strictSame(sources.map((source: string) => posix.join(posix.dirname(path), source)), [source], path)
    t.match(await read(path.slice(0, -'.map'.length)), `//# sourceMappingURL=${posix.basename(path)}`)
  }
})

t.test('the lock file names no download address', async t => {
  t.notMatch(await read('package-lock.json'), /"resolved"/)
})

t.test('it names itself to Fastify, asks for Fastify 5, and has three run-time dependencies', async t => {
  const { default: plugin } = await import('fastify-allowed-methods')
  t.strictSame(Reflect.get(plugin, Symbol.for('plugin-meta')), { fastify: '5.x', name: manifest.name })
  t.strictSame(manifest.peerDependencies, { fastify: '^5.0.0' })
  t.strictSame(Object.keys(manifest.dependencies), ['@fastify/error', '@sinclair/typebox', 'fastify-plugin'])
})

t.test('types/ imports types/ alone, plugin/ both, and what is installed with them', async t => {
  const installed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
  for (const [source, imported] of await importsBySource()) {
    for (const path of imported) {
      const known = sources.includes(path) || path.startsWith('node:') || installed.some(name => path === name || path.startsWith(`${name}/`))
      t.ok(known && !(source.startsWith('types/') && path.startsWith('plugin/')), `${source} imports ${path}`)
    }
  }
})

t.test('no imports go round in a circle', async t => {
  const graph = await importsBySource()
  const isOutside = (source: string) => !graph.get(source)?.some(path => graph.has(path)) || ![...graph.values()].flat().includes(source)
  for (let size = Infinity; graph.size < size;) {
    size = graph.size
    for (const source of graph.keys()) if (isOutside(source)) graph.delete(source)
  }
  t.strictSame([...graph.keys()], [])
})

/** What each source imports, types included: paths of sources, and names of packages. */
async function importsBySource (): Promise<Map<string, string[]>> {
  const imports = new Map<string, string[]>()
  for (const source of sources) {
    const names = ts.preProcessFile(await read(source)).importedFiles.map(({ fileName }) => fileName)
    imports.set(source, names.map(name => name.startsWith('.') ? posix.join(posix.dirname(source), name).replace(/js$/, 'ts') : name))
  }
  return imports
}

t.test('the types that are published', async t => {
  const names = Object.keys(FastifyAllowedMethodsOptions.properties)
  const { editor, program, consumer, text } = open(`import fastify from 'fastify'
    import allowedMethods from 'fastify-allowed-methods'
    import 'fastify-allowed-methods/openapi'
    import 'fastify-allowed-methods/testing'
    fastify().register(allowedMethods, { ${names.map(name => `${name}: undefined`)} })`)

  t.test('name no any, not even by an import that leads nowhere', async t => {
    const checker = program.getTypeChecker()
    const published = program.getSourceFiles().filter(({ fileName }) => fileName.includes('/dist/esm/'))
    const isAny = (node: ts.Node) => ts.isTypeNode(node) && (checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any) !== 0
    t.strictSame(published.flatMap(file => find(file, isAny).map(node => `${file.fileName}: ${node.getText()}`)), [])
    const files = published.map(({ fileName }) => posix.relative(folder, fileName))
    for (const entry of ['index', 'openapi', 'testing']) t.ok(files.includes(`dist/esm/plugin/${entry}.d.ts`), entry)
    for (const file of files) t.equal(await read(file), await read(file.replace('esm', 'cjs')), `${file}, and so for CommonJS`)
  })

  t.test('show each option with its comment and its default in an editor', async t => {
    for (const name of names) {
      const info = editor.getQuickInfoAtPosition(consumer, text.indexOf(`${name}: undefined`))
      t.match(ts.displayPartsToString(info?.documentation), /^.{30}/, name)
      t.match(ts.displayPartsToString(info?.tags?.find(({ name }) => name === 'default')?.text), /./, name)
    }
  })
})

t.test("what is wrong in the options is what the compiler's message is about", async t => {
  const cases = [
    ['{ problem: problem => problem, catchall: true }', "'catchall' does not exist in type"],
    ["{ problem: problem => problem, catchAll: 'yes' }", "Type 'string' is not assignable to type 'boolean | undefined'"],
    ['{ problem: ({ title }) => ({ title }) }', 'is missing the following properties from type \'{ type: string; title: string; '],
    ['{ schema, problem: problem => problem, catchall: true }', "'catchall' does not exist in type"],
    ['{ schema, problem: problem => problem, allow: () => 5 }', "The types returned by 'allow(...)' are incompatible"],
    ['{ schema, problem: problem => ({ ...problem, hint: 405 }) }', "'[whatProblemReturnsMustSatisfySchema]' is missing"],
    ["{ schema: { type: 'object' } }", "is not assignable to type 'ObjectSchemaOfSinclairTypebox'"]
  ] as const
  const { program, consumer } = open(`import fastify from 'fastify'
    import { Type } from '@sinclair/typebox'
    import allowedMethods, { MethodNotAllowedProblem } from 'fastify-allowed-methods'
    const schema = Type.Composite([MethodNotAllowedProblem, Type.Object({ hint: Type.Optional(Type.String()) })])
    ${cases.map(([options]) => `fastify().register(allowedMethods, ${options})`).join('\n')}`)
  const found = program.getSemanticDiagnostics(program.getSourceFile(consumer)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
  t.equal(found.length, cases.length)
  for (const [at, [options, message]] of cases.entries()) t.ok(found[at]?.includes(message), `${options}: ${found[at]}`)
})

/** A file of a consumer in the editor's view, and the program that it makes with what it imports. */
function open (text: string) {
  const consumer = `${folder}consumer.ts`
  const options = { module: ts.ModuleKind.NodeNext, strict: true, types: ['node'] }
  const editor = ts.createLanguageService({
    fileExists: path => path === consumer || ts.sys.fileExists(path),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getCompilationSettings: () => options,
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [consumer],
    getScriptSnapshot: path => ts.ScriptSnapshot.fromString(path === consumer ? text : ts.sys.readFile(path) ?? ''),
    getScriptVersion: () => '1'
  })
  return { editor, program: editor.getProgram() as ts.Program, consumer, text }
}

function find (node: ts.Node, is: (node: ts.Node) => boolean): ts.Node[] {
  const found = is(node) ? [node] : []
  ts.forEachChild(node, child => { found.push(...find(child, is)) })
  return found
}
