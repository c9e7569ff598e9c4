import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { check } from './check.js'
import { subjectOf } from './subject.js'

/** Ways to break the plugin: a file of it, what stands there, and what a mutant has in its place. */
const MUTANTS: Record<string, [file: string, from: string, to: string]> = {
  'drops HEAD': ['routed', 'bits += bit', "if (search.method !== 'HEAD') bits += bit"],
  'stops at the first match': ['routed', 'bits += bit', 'if (bits === 0) bits += bit'],
  'lets OPTIONS make a URL known': ['routed', "search.method !== 'OPTIONS' && ", ''],
  'lets a root catch-all make a URL known': ['routed', '!isRootCatchAll(installation.root, match, search.url)', 'true'],
  'takes every wildcard for a root catch-all': ['routed', 'rest.endsWith(', 'true || rest.endsWith('],
  'ignores the option catchAll': ['routed', '(catchAll || ', '(false || '],
  'leaves out a root catch-all of a known URL': ['routed', 'bits += bit', 'if (!isRootCatchAll(installation.root, match, search.url)) bits += bit'],
  'takes a parameter that is too long': ['routed', 'function isRoute(', 'function isRoute() { return true }\nfunction unused('],
  'forgets the version constraint': ['constraints', "version: headers['accept-version'], ", ''],
  'forgets the host constraint': ['constraints', ", host: headers.host || headers[':authority']", ''],
  'asks under no constraint': ['index', "if (!root.hasConstraintStrategy('version') && !root.hasConstraintStrategy('host'))", ''],
  'forgets custom constraints': ['constraints', '{ ...builtIn, ...values }', 'builtIn'],
  'passes constraints that the app does not use': ['constraints', '.filter(([name]) => app.hasConstraintStrategy(name))', ''],
  'asks for the URL before rewriteUrl': ['methods', 'const url = routedUrl(request)', 'const url = request.originalUrl'],
  'keeps the query in the instance': ['target', 'withoutQuery(target.replace(', '(target.replace('],
  'keeps the query in a plain instance': ['target', 'return withoutQuery(target)', 'return target'],
  'compares the path of a catch-all as it was sent': ['routed', 'decodeURIComponent)', '(path) => path)'],
  'forgets slashes that the router drops': ['routed', 'withRoutedSlashes(app, path)', 'path'],
  'forgets semicolons': ['target', "upTo(';', path)", 'path'],
  'answers after the body is read': ['index', "'preParsing', answerMethodNotAllowed(installation)", "'preValidation', (request, reply, done) => answerMethodNotAllowed(installation)(request, reply, undefined, done)"],
  'does not sort': ['routed', ': [...root.supportedMethods]).sort()', ': [...root.supportedMethods]).sort().reverse()'],
  'answers 404s that are 405s': ['not-found', 'methods.length === 0', 'methods.length < 2'],
  'adds a charset': ['reply', '.serializer(keepMediaType)', ''],
  'answers an unknown URL too': ['not-found', 'if (finding.methods.length === 0)', 'if (false)'],
  'asks one method less': ['routed', '!== null);', "!== null).filter((method) => method !== 'DELETE');"],
  'leaves OPTIONS out of its 204': ['reply', "[...methods, 'OPTIONS']", 'methods'],
  'answers OPTIONS by 501': ['routed', " || (method === 'OPTIONS' && answerOptions)", ''],
  'answers HEAD by 501': ['routed', "method === 'HEAD' || ", ''],
  'answers 501 by the URL': ['routed', 'methodsInUse(installation).includes(method)', 'false'],
  'advertises on a 404': ['advertise', 'const settings = request.is404 ? undefined : ', 'const settings = '],
  'takes what allow leaves for known': ['methods', 'methods: routedMethods(installation, routedUrl(request), values, catchAll, kept)', 'methods: kept'],
  'hides nothing': ['methods', 'methods.filter(method => kept.includes(method))', 'methods'],
  'sends what the schema does not declare': ['problem', 'clean(schema, JSON.parse(JSON.stringify(body), withoutInherited))', 'body'],
  'replies in spite of throw': ['reply', 'if (settings.throw)', 'if (false)'],
  'takes the list of other methods': ['routed', 'lists.get(bits)', 'lists.get([...lists.keys()][0] ?? bits)'],
  'answers what another URL supports': [
    'recent', 'hash & (MOST_URLS - 2);\n        const kept = 2 * first;\n        const seen = kept + 2;\n        if (hashes[kept] === hash && findings[first]?.url === url)',
    '0, kept = 0, seen = 2;\n        if (findings[first] !== undefined)'
  ],
  'names the URL of another request': ['problem', 'target !== routedUrl(request)', 'false'],
  'forgets the option constraints where a URL is asked again': ['methods', ' || settings.constraints !== undefined', ''],
  'mixes up requests that wait': [
    'methods', 'return andThen(narrow(finding.methods, request, allow), kept => {\n        return { methods: routedMethods(installation, routedUrl(request)',
    'installation.last = request;\n    return andThen(narrow(finding.methods, request, allow), kept => {\n        return { methods: routedMethods(installation, routedUrl(installation.last)'
  ],
  'takes the options of the whole app in a prefix': ['scope', 'registrations.findLast(({ pattern })', 'registrations.find(({ pattern })'],
  'takes the options of the prefix registered last': ['scope', 'other.rank <= rank', 'true'],
  'takes a parameter for more specific than text': ['scope', "PARAMETER = '\\x01'", "PARAMETER = '~'"],
  'takes a longer segment for one within a prefix': ['scope', "'(/|$)'", "''"],
  'takes the path of a prefix for an empty parameter': ['scope', '(own ?? found)', 'found'],
  'takes options of other prefixes along': ['scope', 'inner.prefix.startsWith(', '((text) => text.length > 0)('],
  'takes no options along into a prefix': ['scope', 'outer === undefined ?', 'true ?'],
  'serves the whole app from a prefix': ['scope', '(own ?? found)', '(own ?? found ?? registrations[0])'],
  'looks for a prefix in the path as it was sent': ['scope', 'decode(routedPath(root, url), decodeURI)', 'routedPath(root, url)'],
  'looks for a prefix in another case': ['scope', 'normalize(root, decode(', '((_, path) => path)(root, decode(']
}

const source = fileURLToPath(new URL('../../../dist/esm', import.meta.url))
const folder = fileURLToPath(new URL('mutants', import.meta.url))
let survivors = 0

await rm(folder, { recursive: true, force: true })
for (const [at, [name, [file, from, to]]] of Object.entries(MUTANTS).entries()) {
  const mutant = `${folder}/${at}`
  await mkdir(mutant, { recursive: true })
  await cp(source, mutant, { recursive: true })
  const path = `${mutant}/plugin/${file}.js`
  const code = await readFile(path, 'utf8')
  if (!code.includes(from)) throw new Error(`mutant '${name}': '${from}' is not in ${file}.js`)
  await writeFile(path, code.replace(from, to))
  const { default: plugin } = await import(`${mutant}/plugin/index.js`)
  const { cases, failure } = await check(subjectOf(plugin), { seed: 1, apps: 2500, shrink: false })
  if (failure === undefined) survivors++
  console.log(`| ${name} | ${failure === undefined ? 'NOT CAUGHT' : cases} |`)
}
await rm(folder, { recursive: true })
console.log(`\n${Object.keys(MUTANTS).length} mutants, ${survivors} not caught`)
process.exitCode = survivors === 0 ? 0 : 1
