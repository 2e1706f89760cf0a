/** Columns a text takes on a terminal. */
export type Measure = (text: string) => number

/** Characters that take one column each in every terminal. */
const plain = /^[\u0020-\u007e…·▁-█]*$/
const byLength: Measure = (text) => text.length

/** Finds out how to measure these texts; the tables of wide characters are loaded only when there are any. */
export async function measureFor(texts: readonly string[]): Promise<Measure> {
  if (texts.every((text) => plain.test(text))) return byLength
  const { default: stringWidth } = await import('string-width')
  return (text) => (plain.test(text) ? text.length : stringWidth(text))
}

/** Cuts to so many columns, the last of which is an ellipsis, between characters as people see them. */
export function cutTo(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) return text
  if (plain.test(text)) return `${text.slice(0, Math.max(0, width - 1))}…`
  let kept = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const columns = measure(segment)
    if (used + columns > width - 1) break
    kept += segment
    used += columns
  }
  return `${kept}…`
}
