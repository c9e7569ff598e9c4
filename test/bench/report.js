import { ROUNDS_PER_PROCESS } from './compare.js'
import { PEERS, SUBJECTS } from './subjects.js'

/** What was measured, on what, and which targets are met, as Markdown. */
export function toMarkdown ({ date, machine, isOneCore, versions, load, answers, rows, figures }) {
  return [
    `${date}, ${machine}. ${Object.entries(versions).map(entry => entry.join(' ')).join(', ')}. Load by ${load}${isOneCore ? ', on the core of the servers' : ''}.`,
    toTable(['what', 'rounds', 'median', 'quartiles', 'target', 'met', 'least', 'quartiles'], rows.map(row => toRow(row, answers))),
    `Other answers than a 405 with an exact \`Allow\`: ${Object.keys(answers).filter(name => answers[name].length > 0).map(name => `${SUBJECTS[name].title} (${answers[name].join(', ')})`).join('; ')}.`,
    ...Object.entries(figures).map(([name, figures]) => {
      const head = [name, 'median', 'quartiles', ...('bare' in figures ? ['over node:http'] : [])]
      return toTable(head, Object.entries(figures).map(figure => toFigure(figure).slice(0, head.length)))
    })
  ].join('\n\n')
}

/** What a subject is called, and which status it answers where that is not 405. */
export function labelOf (name, answers) {
  const status = /(\d{3}) in place of 405/.exec(answers[name])?.[1]
  const title = SUBJECTS[name]?.title ?? name
  return status === undefined ? title : `${title} (its ${status})`
}

/** RESULT.md */
export function toPage (result) {
  return `# How fast, and next to what

\`npm run bench -- --record\`. CPU is time of the server process per request, user and system. Servers are loaded in turn, each process
for ${ROUNDS_PER_PROCESS} rounds, the order rotates, and a figure of the first table is the median of the ratios within one round. The targets are what the project would like to
reach. \`least\` is the same ratio for a hook in the place of the plugin that does as little as it can, in an app that has loaded TypeBox's modules: nothing for a
matched request and for a start; for what is not found, it asks the router for each method in use and writes the same bytes; for 500 URLs in turn, of which the answer
may be kept, it only writes them, or does nothing for a 404. Where that misses the target too, it is out of reach; where it takes more than the plugin,
that is noise. Where nothing is said of URLs, 9,000 are asked for in turn, and what the plugin has kept
serves 7 in 100 requests; of 500 URLs, 96 in 100. [PROFILE.md](PROFILE.md) says more. In the other tables are µs and, for heap, bytes: per request, and for a whole start.

![CPU time of the server per 405](chart.svg)

${toMarkdown(result)}
`
}

function toRow ({ what, rounds, median, lower, upper, only, to, target, met, least }, answers) {
  return [
    only === 'peers' ? `405 / ${labelOf(to, answers)}, CPU` : what,
    rounds,
    median.toFixed(3),
    `${lower.toFixed(3)} to ${upper.toFixed(3)}`,
    `${PEERS.includes(to) ? 'below' : 'at most'} ${target.toFixed(2)}`,
    met ? 'yes' : least.met ? '**no**' : '**no**, nor by the least',
    least.median.toFixed(3),
    `${least.lower.toFixed(3)} to ${least.upper.toFixed(3)}`
  ]
}

function toFigure ([name, { median, lower, upper, toBare }]) {
  return [SUBJECTS[name]?.title ?? name, toAmount(median), `${toAmount(lower)} to ${toAmount(upper)}`, toBare?.median.toFixed(2) ?? '']
}

/** Four digits of a small figure, whole numbers of a large one. */
function toAmount (figure) {
  return figure < 1000 ? figure.toFixed(1) : Math.round(figure).toLocaleString('en')
}

function toTable (head, rows) {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
