/** What was found at a URL: the methods that it supports, and the body of its 405 once that was made, where it depends on the URL alone. */
export interface Finding { readonly methods: readonly string[], body?: string | undefined }

/** How many URLs are kept, a power of two, and how long such a URL may be. */
const [MOST_URLS, LONGEST_URL] = [4096, 200]

/**
 * What was found at URLs that were asked twice: a client that is wrong asks again, and routes do not change once an app is ready.
 *
 * The hash of a URL gives it two places, the first for what came last. It takes one where its hash was among the last two seen there:
 * what is asked once is not kept, since that costs more than it saves.
 */
export class RecentFindings {
  readonly hashes = new Int32Array(MOST_URLS)
  readonly urls = new Array<string | undefined>(MOST_URLS)
  readonly findings = new Array<Finding>(MOST_URLS)
  /** Where the URL that was asked for last is to be kept; -1 where it is not. */
  private place = -1

  /** What is kept of a URL. */
  get (url: string): Finding | undefined {
    this.place = -1
    if (url.length > LONGEST_URL) return undefined
    const { hashes, urls } = this
    const hash = hashOf(url)
    const first = hash & (MOST_URLS - 2)
    if (urls[first] === url) return this.findings[first]
    if (urls[first + 1] === url) return this.findings[first + 1]
    if (hashes[first] === hash || hashes[first + 1] === hash) {
      this.place = first
    } else {
      hashes[first + 1] = hashes[first] as number
      hashes[first] = hash
    }
    return undefined
  }

  /** Keeps what was found at the URL that was asked for last, unless it is long or that was the first time. */
  keep (url: string, finding: Finding): void {
    const { urls, findings, place: first } = this
    if (first === -1) return
    urls[first + 1] = urls[first]
    findings[first + 1] = findings[first] as Finding
    urls[first] = url
    findings[first] = finding
  }
}

/** FNV-1a, of code units in place of bytes. */
export function hashOf (text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 16)
}
