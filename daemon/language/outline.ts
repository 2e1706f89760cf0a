/** A part of a text, in UTF-16 units: from its first to right behind its last. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A key of a mapping, or an item of a list, as somebody has typed it so far. */
export interface Entry {
  readonly parent: Entry | null
  /** Its place for an item. */
  readonly key: string | number
  /** Of the key as written, with quotes; of the `-` for an item, which is empty in `[a, b]`. */
  readonly keySpan: Span
  /** Right behind the colon; null where none stands there yet, and for an item. */
  readonly colon: number | null
  /** A block key at column 2 has 4, a block item there 5: whatever is below it has more. In `{}` and `[]` that of the line. */
  readonly order: number
  readonly children: Entry[]
  /** A value that is no collection, with quotes. */
  value: Scalar | null
  /** Of `{…}` or `[…]`; one that is not closed goes as far as it could be read. */
  flow: (Span & { readonly map: boolean; readonly closed: boolean }) | null
  /** Right behind it and everything below it. */
  end: number
}

export interface Scalar extends Span {
  readonly style: 'plain' | 'quoted' | 'block'
  /** What it says, without quotes; escapes stay. */
  readonly text: string
}

/** What a text holds, in its order. The root is no entry of the text. */
export interface Outline {
  readonly text: string
  readonly root: Entry
  readonly entries: readonly Entry[]
}

/** The keys and places that lead to an entry. */
export function pathOf(entry: Entry): readonly (string | number)[] {
  const path: (string | number)[] = []
  for (let at: Entry | null = entry; at !== null && at.parent !== null; at = at.parent) path.unshift(at.key)
  return path
}

/** The last entry that begins at or before an offset. */
export function entryBefore({ entries }: Outline, offset: number): Entry | null {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.keySpan.start ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return entries[low - 1] ?? null
}

/** The entry whose key or value stands at an offset, and which of them. */
export function entryAt(
  outline: Outline,
  offset: number,
): { readonly entry: Entry; readonly part: 'key' | 'value' } | null {
  const entry = entryBefore(outline, offset)
  if (entry === null) return null
  if (entry.keySpan.end > entry.keySpan.start && offset <= entry.keySpan.end) return { entry, part: 'key' }
  const { value } = entry
  return value !== null && value.start <= offset && offset <= value.end ? { entry, part: 'value' } : null
}

/** The entry that a path leads to. Where a key is there twice, the first. */
export function entryFor(outline: Outline, path: readonly (string | number)[]): Entry | null {
  let at: Entry | null = outline.root
  for (const key of path) at = at?.children.find((child) => child.key === key) ?? null
  return at
}
