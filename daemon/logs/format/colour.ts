// eslint-disable-next-line no-control-regex
const sequences = /\u001b\[[0-9;:]{0,40}m/g

/** A line without its colours. */
export const withoutColour = (line: string): string =>
  line.includes('\u001b') ? line.replaceAll(sequences, '') : line

/** Where in a line with colours the unit stands that is the `place`th without them, before colours of its own. */
export function placeInColour(line: string, place: number): number {
  if (place === 0) return 0
  let taken = 0
  let plain = 0
  for (const found of line.matchAll(sequences)) {
    const kept = found.index - taken
    if (plain + kept >= place) break
    plain += kept
    taken = found.index + found[0].length
  }
  return taken + place - plain
}
