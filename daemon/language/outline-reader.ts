import type { Entry, Outline, Scalar, Span } from './outline.ts'

/** As much as the reader of configurations takes. What is beyond is only ever refused. */
const longest = 1024 * 1024
const mostEntries = 50_000
const deepest = 64
const longestKey = 1024

/**
 * Reads the keys and values of a text that may be half-written anywhere: a parser of YAML gives up on what follows a
 * mistake, just where somebody is typing. It goes line by line, never back, and relies on indentation alone to find
 * out of an open quote or bracket, as YAML does: what continues a value is indented deeper than its key.
 */
export function readOutline(text: string): Outline {
  const reader = new OutlineReader(text.length > longest ? '' : text)
  reader.read()
  return { text, root: reader.root, entries: reader.entries }
}

type Key = Span & { readonly text: string; readonly colon: number }

class OutlineReader {
  readonly root: Entry = entryOf(null, '', { start: 0, end: 0 }, null, -1)
  readonly entries: Entry[] = []
  readonly #text: string
  #at = 0
  /** From the root to the innermost that is open. */
  readonly #open: Entry[] = [this.root]

  constructor(text: string) {
    this.#text = text
  }

  read(): void {
    while (this.#at < this.#text.length && this.entries.length < mostEntries) this.#line()
    this.#close(-1)
  }

  #line(): void {
    const lineStart = this.#at
    let at = this.#pastSpaces(lineStart)
    while (this.#isDash(at) && this.#open.length <= deepest) {
      const order = (at - lineStart) * 2 + 1
      this.#close(order)
      const list = this.#top
      // A text that goes on, whatever it looks like.
      if (list.value !== null) return this.#nextLine()
      const item = this.#add(list, list.children.length, { start: at, end: at + 1 }, null, order)
      this.#open.push(item)
      at = this.#pastSpaces(at + 1)
    }
    this.#at = at
    if (this.#isEnd(at)) return this.#nextLine()
    const key = this.#keyAt(at)
    const order = (at - lineStart) * 2
    const hasDash = this.#top.order % 2 === 1 && this.#top.keySpan.start >= lineStart
    if (!hasDash || key !== null) this.#close(order)
    if (key === null) {
      // A value may stand below its key.
      if (isOpen(this.#top)) this.#value(this.#top)
      return this.#nextLine()
    }
    if (this.#open.length > deepest) return this.#nextLine()
    const entry = this.#add(this.#top, key.text, key, key.colon, order)
    this.#open.push(entry)
    this.#at = this.#pastSpaces(key.colon)
    this.#value(entry)
    this.#nextLine()
  }

  get #top(): Entry {
    return this.#open.at(-1) ?? this.root
  }

  /** Ends what does not hold a line of this order. */
  #close(order: number): void {
    while (this.#open.length > 1 && this.#top.order >= order) {
      const ended = this.#open.pop()
      if (ended !== undefined) this.#extend(ended)
    }
  }

  #extend(entry: Entry): void {
    if (entry.parent !== null) entry.parent.end = Math.max(entry.parent.end, entry.end)
  }

  #add(parent: Entry, key: string | number, span: Span, colon: number | null, order: number): Entry {
    const entry = entryOf(parent, key, { start: span.start, end: span.end }, colon, order)
    parent.children.push(entry)
    this.entries.push(entry)
    return entry
  }

  /** Takes what stands behind a colon or a dash. */
  #value(owner: Entry): void {
    this.#pastProperties()
    const start = this.#at
    const first = this.#text[start]
    if (this.#isEnd(start)) return
    if (first === '{' || first === '[') return this.#flow(owner)
    if (owner === this.root) return
    owner.value =
      first === '|' || first === '>'
        ? this.#blockScalar(owner)
        : (this.#quoted(owner.order) ?? this.#plain(/ #|[\r\n]/g))
    owner.end = owner.value.end
  }

  /** Anchors and tags. */
  #pastProperties(): void {
    while (this.#text[this.#at] === '&' || this.#text[this.#at] === '!') {
      const end = /[\s,{}[\]]|$/g
      end.lastIndex = this.#at
      this.#at = this.#pastSpaces(end.exec(this.#text)?.index ?? this.#text.length)
    }
  }

  #plain(ends: RegExp): Scalar {
    const start = this.#at
    ends.lastIndex = start
    const end = ends.exec(this.#text)?.index ?? this.#text.length
    const text = this.#text.slice(start, end).trimEnd()
    this.#at = start + text.length
    return { start, end: this.#at, style: 'plain', text }
  }

  /** `|` and `>`, with all lines that are indented deeper than their owner. */
  #blockScalar(owner: Entry): Scalar {
    const start = this.#at
    this.#nextLine()
    let end = this.#at
    while (this.#at < this.#text.length) {
      const content = this.#pastSpaces(this.#at)
      if (!this.#isBreak(content) && this.#orderOf(this.#at, content) <= owner.order) break
      this.#nextLine()
      end = this.#at
    }
    // The line is ended by whoever called.
    this.#at = end > start ? end - 1 : end
    return { start, end: this.#at, style: 'block', text: '' }
  }

  /** A quoted text, on as many lines as are indented deeper than `order`; null where none begins here. */
  #quoted(order: number): Scalar | null {
    const start = this.#at
    const quote = this.#text[start]
    if (quote !== '"' && quote !== "'") return null
    let at = start + 1
    for (; at < this.#text.length; at++) {
      const unit = this.#text[at]
      if (unit === '\\' && quote === '"') at += 1
      else if (unit === quote) {
        if (quote === '"' || this.#text[at + 1] !== quote) break
        at += 1
      } else if (unit === '\n' && !this.#continues(at + 1, order)) break
    }
    const closed = this.#text[at] === quote
    const end = Math.min(closed ? at + 1 : at, this.#text.length)
    this.#at = end
    return { start, end, style: 'quoted', text: this.#text.slice(start + 1, closed ? end - 1 : end) }
  }

  /** Whether a line goes on with what was begun on an entry of this order. Empty lines do. */
  #continues(lineStart: number, order: number): boolean {
    const content = this.#pastSpaces(lineStart)
    return this.#isBreak(content) || this.#orderOf(lineStart, content) > order
  }

  #orderOf = (lineStart: number, content: number): number => (content - lineStart) * 2

  #flow(owner: Entry): void {
    const { order } = owner
    const open: Entry[] = []
    let holder = owner
    // What a value belongs to: a key behind its colon, or nothing.
    let key: Entry | null = null
    while (this.#at < this.#text.length && this.entries.length < mostEntries) {
      const start = this.#at
      const unit = this.#text[start] ?? ''
      if (unit === '\n' && !this.#continues(start + 1, order)) break
      if (/\s/.test(unit)) this.#at += 1
      else if (unit === '#') this.#at = this.#lineEnd(start)
      else if (unit === ',') {
        key = null
        this.#at += 1
      } else if (unit === '{' || unit === '[') {
        const target = open.length === 0 ? owner : (key ?? this.#item(holder, start))
        target.flow ??= { start, end: this.#text.length, map: unit === '{', closed: false }
        if (open.length < deepest) {
          open.push(target)
          holder = target
        }
        key = null
        this.#at += 1
      } else if (unit === '}' || unit === ']') {
        this.#at += 1
        this.#endFlow(open.pop() ?? owner, true)
        if (open.length === 0) return
        holder = open.at(-1) ?? owner
        key = null
      } else key = this.#flowScalar(holder, key, order)
    }
    for (const left of open.toReversed()) this.#endFlow(left, false)
  }

  #endFlow(entry: Entry, closed: boolean): void {
    if (entry.flow !== null) entry.flow = { ...entry.flow, end: this.#at, closed }
    entry.end = this.#at
    this.#extend(entry)
  }

  #item(holder: Entry, start: number): Entry {
    return this.#add(holder, holder.children.length, { start, end: start }, null, holder.order)
  }

  /** Takes a word or a quoted text; answers the key that what follows belongs to. */
  #flowScalar(holder: Entry, key: Entry | null, order: number): Entry | null {
    const start = this.#at
    this.#pastProperties()
    const scalar = this.#quoted(order) ?? this.#plain(/[,{}[\]\r\n]| #|:(?=[\s,{}[\]]|$)/g)
    const behind = this.#pastSpaces(this.#at)
    const isKey = key === null && this.#text[behind] === ':'
    // Nothing was taken where a colon stands alone.
    if (this.#at === start || isKey) this.#at = behind + 1
    if (key !== null) {
      key.value ??= scalar
      key.end = scalar.end
      return key
    }
    if (isKey || holder.flow?.map === true) return this.#flowKey(holder, scalar, isKey ? behind + 1 : null)
    const item = this.#item(holder, scalar.start)
    item.value = scalar
    item.end = scalar.end
    return null
  }

  #flowKey(holder: Entry, scalar: Scalar, colon: number | null): Entry | null {
    const entry = this.#add(holder, scalar.text, scalar, colon, holder.order)
    return colon === null ? null : entry
  }

  /** A key with its colon, in quotes or not; null where a line holds none. */
  #keyAt(at: number): Key | null {
    const line = this.#text.slice(at, Math.min(this.#lineEnd(at), at + longestKey))
    const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/.exec(line)?.[0]
    if (quoted === undefined && /^["'#{}[\],&*!|>%@`]/.test(line)) return null
    const colon = /:(?=\s|$)| #/g
    colon.lastIndex = quoted?.length ?? 0
    const index = colon.exec(line)?.index ?? -1
    if (line[index] !== ':') return null
    const key = quoted ?? line.slice(0, index).trimEnd()
    if (quoted !== undefined && line.slice(quoted.length, index).trim() !== '') return null
    const text = quoted === undefined ? key : key.slice(1, -1)
    return { start: at, end: at + key.length, text, colon: at + index + 1 }
  }

  #isDash(at: number): boolean {
    return this.#text[at] === '-' && /^[\s]?$/.test(this.#text[at + 1] ?? '')
  }

  /** Whether a line or a comment is all that is left. */
  #isEnd(at: number): boolean {
    return this.#isBreak(at) || this.#text[at] === '#'
  }

  #isBreak(at: number): boolean {
    const unit = this.#text[at]
    return unit === undefined || unit === '\n' || unit === '\r'
  }

  #pastSpaces(from: number): number {
    let at = from
    while (this.#text[at] === ' ' || this.#text[at] === '\t') at += 1
    return at
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from)
    return end < 0 ? this.#text.length : end
  }

  #nextLine(): void {
    this.#at = Math.min(this.#lineEnd(this.#at) + 1, this.#text.length)
  }
}

/** Whether a value may still follow. */
const isOpen = ({ value, flow, children }: Entry): boolean =>
  value === null && flow === null && children.length === 0

function entryOf(
  parent: Entry | null,
  key: string | number,
  keySpan: Span,
  colon: number | null,
  order: number,
): Entry {
  return {
    parent,
    key,
    keySpan,
    colon,
    order,
    children: [],
    value: null,
    flow: null,
    end: colon ?? keySpan.end,
  }
}
