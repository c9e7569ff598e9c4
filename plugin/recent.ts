/** How many URLs' methods are kept, a power of two, and how long such a URL may be. */
const [MOST_URLS, LONGEST_URL] = [4096, 200]

/**
 * The methods of URLs that were asked twice: a client that is wrong asks again, and routes do not change once an app is ready.
 *
 * A URL has one place, which its hash gives. It takes it where its hash was the last one seen there: what is asked once is not kept,
 * since that costs more than it saves.
 */
export class RecentMethods {
  readonly hashes = new Int32Array(MOST_URLS)
  readonly urls = new Array<string | undefined>(MOST_URLS)
  readonly methods = new Array<readonly string[]>(MOST_URLS)

  /** @param find finds the methods of a URL that is not kept */
  methodsOf (url: string, find: () => readonly string[]): readonly string[] {
    if (url.length > LONGEST_URL) return find()
    const hash = hashOf(url)
    const at = hash & (MOST_URLS - 1)
    if (this.urls[at] === url) return this.methods[at] as readonly string[]
    const methods = find()
    if (this.hashes[at] === hash) {
      this.urls[at] = url
      this.methods[at] = methods
    }
    this.hashes[at] = hash
    return methods
  }
}

/** FNV-1a, of code units in place of bytes. */
export function hashOf (text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 16)
}
