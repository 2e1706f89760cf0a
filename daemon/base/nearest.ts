/** The word that was probably meant, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > 40) return null
  const plain = simple(word)
  const most = plain.length <= 3 ? 1 : 2
  const scored = known
    .map((candidate) => ({ candidate, distance: distance(plain, simple(candidate)) }))
    .filter((found) => found.distance <= most)
  return scored.toSorted((a, b) => a.distance - b.distance)[0]?.candidate ?? null
}

/** `depends_on` and `dependsOn` differ in spelling only. */
const simple = (word: string): string => word.toLowerCase().replaceAll(/[-_\s]/g, '')

/** How many letters must be added, dropped or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let above = 0; above < from.length; above++) {
    const next = [above + 1]
    for (let index = 1; index <= to.length; index++) {
      const changed = (row[index - 1] ?? 0) + (to[index - 1] === from[above] ? 0 : 1)
      next.push(Math.min(changed, (row[index] ?? 0) + 1, (next[index - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
