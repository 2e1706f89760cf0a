import { entryBefore, type Entry, type Outline, type Span } from './outline.ts'

/** What is being typed at a place of a text. */
export interface Cursor {
  /** `key`: in the mapping `owner`; `value`: of `owner`, a key or an item; `item`: in the list `owner`, without a `-`. */
  readonly role: 'key' | 'value' | 'item'
  readonly owner: Entry
  /** What stands there already. */
  readonly word: Span
  /** The key that is being changed, which has its colon already; null for a new one. */
  readonly changed: Entry | null
  readonly inFlow: boolean
}

/** Null inside of a comment or of a text on several lines, and behind a word that is complete. */
export function cursorAt(outline: Outline, offset: number): Cursor | null {
  const { text } = outline
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const last = entryBefore(outline, offset) ?? outline.root
  if (isInText(last, lineStart, offset) || isInComment(last, text, lineStart, offset)) return null
  const flow = flowAround(last, offset)
  if (flow !== null) return inFlow(flow, text, offset)
  return last.keySpan.start >= lineStart && last !== outline.root
    ? behindEntry(last, offset)
    : onOwnLine(outline, lineStart, offset)
}

function isInText({ value }: Entry, lineStart: number, offset: number): boolean {
  if (value === null || value.style === 'plain' || offset <= value.start) return false
  return value.style === 'block' ? offset <= value.end : value.start < lineStart && offset < value.end
}

function isInComment({ value }: Entry, text: string, lineStart: number, offset: number): boolean {
  if (value !== null && value.start <= offset && offset <= value.end) return false
  const from = Math.max(lineStart, value !== null && value.end <= offset ? value.end : lineStart)
  return /(?:^|\s)#/.test(text.slice(from, offset))
}

/** The innermost `{…}` or `[…]` that an offset lies in. */
function flowAround(from: Entry, offset: number): Entry | null {
  for (let at: Entry | null = from; at !== null; at = at.parent) {
    const { flow } = at
    if (flow !== null && flow.start < offset && (flow.closed ? offset < flow.end : offset <= flow.end))
      return at
  }
  return null
}

const nothingAt = (offset: number): Span => ({ start: offset, end: offset })

function inFlow(owner: Entry, text: string, offset: number): Cursor | null {
  const role = owner.flow?.map === true ? 'key' : 'item'
  const fresh: Cursor = { role, owner, word: nothingAt(offset), changed: null, inFlow: true }
  const child = owner.children.findLast(({ keySpan }) => keySpan.start <= offset)
  if (child === undefined || text.slice(child.end, offset).includes(',')) return fresh
  if (role === 'item') return touching({ ...fresh, word: child.value ?? fresh.word }, offset)
  if (child.colon !== null && offset >= child.colon) return valueOf(child, offset, true)
  return touching({ ...fresh, word: child.keySpan, changed: child.colon === null ? null : child }, offset)
}

const touching = (cursor: Cursor, offset: number): Cursor | null => (offset > cursor.word.end ? null : cursor)

function valueOf(owner: Entry, offset: number, inFlow: boolean): Cursor | null {
  const { value } = owner
  const word = value !== null && value.start <= offset ? value : nothingAt(offset)
  return touching({ role: 'value', owner, word, changed: null, inFlow }, offset)
}

/** On the line of a key or of a `-`. */
function behindEntry(entry: Entry, offset: number): Cursor | null {
  if (offset >= (entry.colon ?? entry.keySpan.end) && offset > entry.keySpan.end)
    return valueOf(entry, offset, false)
  if (entry.parent === null || entry.colon === null) return null
  const cursor: Cursor = {
    role: 'key',
    owner: entry.parent,
    word: entry.keySpan,
    changed: entry,
    inFlow: false,
  }
  return touching(cursor, offset)
}

/** On a line that holds no more than one word: how far it is indented says what it belongs to. */
function onOwnLine(outline: Outline, lineStart: number, offset: number): Cursor | null {
  const { text, root } = outline
  const end = text.indexOf('\n', offset)
  const line = text.slice(lineStart, end < 0 ? text.length : end)
  const [, spaces = '', word = ''] = /^( *)([\w.-]*)\s*$/.exec(line.slice(0, 1000)) ?? []
  if (line.trim() !== word) return null
  const column = word === '' ? offset - lineStart : spaces.length
  if (offset < lineStart + column) return null
  let owner: Entry = entryBefore(outline, lineStart - 1) ?? root
  // What stands in brackets is over where they are.
  while (owner.parent !== null && (owner.order >= column * 2 || owner.parent.flow !== null))
    owner = owner.parent
  const span =
    word === '' ? nothingAt(offset) : { start: lineStart + column, end: lineStart + column + word.length }
  return { role: 'key', owner, word: span, changed: null, inFlow: false }
}
