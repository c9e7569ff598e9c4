import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'
]

/** The path of a Chromium: CHROMIUM_PATH, else the first on the PATH; undefined where there is none. */
export async function findChromium ({ CHROMIUM_PATH, PATH = '' } = process.env) {
  if (CHROMIUM_PATH) return CHROMIUM_PATH
  for (const path of PATH.split(delimiter).flatMap(folder => NAMES.map(name => join(folder, name)))) {
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path
  }
}

/** Opens a page in a browser of its own, which is closed when the test ends. The test fails on a script's error. */
export async function openPage (t, executablePath) {
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS })
  t.teardown(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 900, height: 2000 } })
  page.setDefaultTimeout(10_000)
  page.on('pageerror', error => t.fail(`the page throws: ${error.message}`))
  return page
}
