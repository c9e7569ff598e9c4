/** How many URLs' methods are kept, a power of two, and how long such a URL may be. */
const [MOST_URLS, LONGEST_URL] = [4096, 200]

/**
 * The methods of URLs that were asked twice: a client that is wrong asks again, and routes do not change once an app is ready.
 *
 * The hash of a URL gives it two places, the first for what came last. It takes one where its hash was among the last two seen there:
 * what is asked once is not kept, since that costs more than it saves.
 */
export class RecentMethods {
  readonly hashes = new Int32Array(MOST_URLS)
  readonly urls = new Array<string | undefined>(MOST_URLS)
  readonly methods = new Array<readonly string[]>(MOST_URLS)

  /** @param find finds the methods of a URL that is not kept */
  methodsOf (url: string, find: () => readonly string[]): readonly string[] {
    if (url.length > LONGEST_URL) return find()
    const { hashes, urls, methods } = this
    const hash = hashOf(url)
    const first = hash & (MOST_URLS - 2)
    if (urls[first] === url) return methods[first] as readonly string[]
    if (urls[first + 1] === url) return methods[first + 1] as readonly string[]
    const found = find()
    if (hashes[first] === hash || hashes[first + 1] === hash) {
      urls[first + 1] = urls[first]
      methods[first + 1] = methods[first] as readonly string[]
      urls[first] = url
      methods[first] = found
    } else {
      hashes[first + 1] = hashes[first] as number
      hashes[first] = hash
    }
    return found
  }
}

/** FNV-1a, of code units in place of bytes. */
export function hashOf (text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 16)
}
