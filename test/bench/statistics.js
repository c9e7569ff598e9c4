/** The median and quartiles of some numbers. */
export function summarize (numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [lower, median, upper] = [0.25, 0.5, 0.75].map(share => quantile(sorted, share))
  return { lower, median, upper }
}

/** Interpolated, where it lies between two of them. */
function quantile (sorted, share) {
  const at = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at % 1)
}

/**
 * One subject over another, round by round.
 *
 * @param rounds figures by round: of each an object by subject
 */
export function ratios (rounds, of, to) {
  return summarize(rounds.map(figures => figures[of] / figures[to]))
}
