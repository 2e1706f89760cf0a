const heights = '▁▂▃▄▅▆▇█'

/** How numbers went, one character for each, from zero to the greatest; a blank where nothing is known. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.filter((value) => value !== null))
  return values.map((value) => (value === null ? ' ' : heightOf(most === 0 ? 0 : value / most))).join('')
}

/** @param share - from 0 to 1. */
const heightOf = (share: number): string =>
  heights.charAt(Math.min(heights.length - 1, Math.floor(share * heights.length)))
