// Draws chart.svg from result.json: node test/bench/chart.js. `npm run bench -- --record` does it too.

import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { labelOf } from './report.js'

const [WIDTH, LABELS, VALUES, ROW, BAR, TOP, BOTTOM, MARGIN] = [760, 290, 140, 32, 20, 76, 48, 24]

/**
 * Horizontal bars: CPU time of the server per 405, and how many times that of `node:http` alone.
 *
 * Its colours are its own, so that it reads the same on a light page and on a dark one.
 */
export function toChart ({ figures: { peers: figures }, answers, machine, versions, date }) {
  const bars = Object.entries(figures).filter(([name]) => name !== 'search').map(([name, figure]) => ({ name, ...figure })).sort((a, b) => a.toBare.median - b.toBare.median)
  const longest = Math.max(...bars.map(({ toBare }) => toBare.median))
  const height = TOP + bars.length * ROW + BOTTOM
  const note = `${date}, ${machine}, Node.js ${versions['Node.js']}, Fastify ${versions.Fastify}. Shorter is better.`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">CPU time of the server to refuse a method</title>
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
.head { font-size: 17px; font-weight: 600 }
.note { font-size: 12px; fill: #59636e }
.ours { font-weight: 600 }
rect { fill: #b4bcc6 }
rect.ours { fill: #1a7f5a }
</style>
<rect width="${WIDTH}" height="${height}" rx="8" style="fill: #ffffff; stroke: #d1d9e0"/>
<text class="head" x="${MARGIN}" y="34">CPU time of the server to refuse a method</text>
<text class="note" x="${MARGIN}" y="56">µs per request, and how many times that of node:http writing the same bytes</text>
${bars.map(toBar).join('\n')}
<text class="note" x="${MARGIN}" y="${height - 18}">${escape(note)}</text>
</svg>
`

  function toBar ({ name, median, toBare }, i) {
    const y = TOP + i * ROW
    const width = (WIDTH - LABELS - VALUES) * toBare.median / longest
    const mark = name === 'ours' ? ' class="ours"' : ''
    const value = `${median.toFixed(0)} µs, ${toBare.median.toFixed(2)} ×`
    return `<text${mark} x="${MARGIN}" y="${y + 15}">${escape(labelOf(name, answers))}</text>
<rect${mark} x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3"/>
<text${mark} x="${(LABELS + width + 8).toFixed(1)}" y="${y + 15}">${value}</text>`
  }
}

function escape (text) {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = file => new URL(file, import.meta.url)
  await writeFile(at('chart.svg'), toChart(JSON.parse(await readFile(at('result.json'), 'utf8'))))
}
