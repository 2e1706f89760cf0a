import { printable } from '#base/printable.ts'
import type { Entry, Outline, Span } from './outline.ts'

/** A key or an item for the outline of an editor. */
export interface KeySymbol {
  readonly name: string
  readonly detail: string
  readonly kind: 'section' | 'value'
  readonly range: Span
  readonly selection: Span
  readonly children: readonly KeySymbol[]
}

/** More than these nobody looks through. */
const mostSymbols = 5000
const longest = 80

/** The keys and items of a file, as a tree. */
export function symbolsOf({ root }: Outline): readonly KeySymbol[] {
  let left = mostSymbols
  const symbol = (entry: Entry): KeySymbol => ({
    name: nameOf(entry),
    detail: detailOf(entry),
    kind: entry.value === null ? 'section' : 'value',
    range: { start: entry.keySpan.start, end: Math.max(entry.end, entry.keySpan.end) },
    selection: entry.keySpan,
    children: below(entry),
  })
  const below = (entry: Entry): readonly KeySymbol[] => {
    const taken = entry.children.slice(0, left)
    left -= taken.length
    return taken.map(symbol)
  }
  return below(root)
}

/** An item is called after what it says first, such as `file: logs/*.log`. */
function nameOf({ key, value, children: [first] }: Entry): string {
  if (typeof key === 'string') return printable(key, longest) || '""'
  const said = value?.text ?? (first === undefined ? '' : `${first.key}: ${first.value?.text ?? ''}`)
  return printable(said, longest) || `[${key}]`
}

/** A password stays where it is. */
const detailOf = ({ key, value }: Entry): string =>
  typeof key === 'number' || value === null || key === 'password' ? '' : printable(value.text, longest)
