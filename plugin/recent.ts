/** What was found at a URL: the methods that it supports and, once it has been made, the body of its 405 if only the URL decides it. */
export interface Finding { url?: string, readonly methods: readonly string[], body?: string | undefined }

/** How many URLs are kept at most (a power of two), and how long a URL that is kept may be. */
const [MOST_URLS, LONGEST_URL] = [4096, 200]

/**
 * What was found at URLs that were requested twice: a client that is wrong asks again, and routes do not change once an app is ready.
 *
 * The hash of a URL gives it two places, the first for the latest. A URL is kept only if its hash is one of the last two seen there:
 * to keep what is requested only once would cost more than it saves.
 */
export class RecentFindings {
  readonly findings = new Array<Finding | undefined>(MOST_URLS)
  /** For each two places, the hashes of the URLs kept there and then those last seen, side by side: more is not read for a URL that is new. */
  readonly hashes = new Int32Array(2 * MOST_URLS)
  /** Where to keep the URL that was looked up last; -1 if it is not to be kept. */
  private place = -1

  /** What is kept for a URL, if anything. */
  lookUp (url: string): Finding | undefined {
    this.place = -1
    if (url.length > LONGEST_URL) return undefined
    const { hashes, findings } = this
    const hash = hashOf(url)
    const first = hash & (MOST_URLS - 2)
    const kept = 2 * first
    const seen = kept + 2
    if (hashes[kept] === hash && findings[first]?.url === url) return findings[first]
    if (hashes[kept + 1] === hash && findings[first + 1]?.url === url) return findings[first + 1]
    if (hashes[seen] === hash || hashes[seen + 1] === hash) this.place = first
    if (hashes[seen] !== hash) {
      hashes[seen + 1] = hashes[seen] as number
      hashes[seen] = hash
    }
    return undefined
  }

  /** Keeps what was found at the URL that was looked up last, unless the URL is too long or this was the first time. */
  keep (finding: Finding): void {
    const { findings, hashes, place } = this
    if (place === -1) return
    finding.url = finding.url?.split('').join('') // a copy, because V8 keeps all of a longer text from which `rewriteUrl` has cut the URL
    const kept = 2 * place
    findings[place + 1] = findings[place]
    findings[place] = finding
    hashes[kept + 1] = hashes[kept] as number
    hashes[kept] = hashes[kept + 2] as number // the last seen
  }
}

/** FNV-1a, of code units instead of bytes, with its high bits folded into the low ones. */
export function hashOf (text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 16)
}
