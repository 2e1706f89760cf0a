/** What the grammar asks for next (RFC 8259). */
type Wanted = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'separator' | 'nothing'

const space = /[ \t\n\r]*/y
// oxlint-disable-next-line no-control-regex -- a string may not hold control characters, so they are named.
const string = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
const other = /[{}[\],:]|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Where a text stops being JSON, counted from 1; null when it is JSON. JSON.parse tells the place in the words of its
 * message only, and not always.
 */
export function placeOfJsonError(text: string): { readonly line: number; readonly column: number } | null {
  const open: ('{' | '[')[] = []
  let wanted: Wanted | null = 'value'
  for (let at = afterSpace(text, 0); ;) {
    if (at === text.length && wanted === 'nothing') return null
    const token = tokenAt(text, at)
    wanted = token === null ? null : next(wanted, token, open)
    if (token === null || wanted === null) return placeOf(text, at)
    at = afterSpace(text, at + token.length)
  }
}

function afterSpace(text: string, from: number): number {
  space.lastIndex = from
  return from + (space.exec(text)?.[0].length ?? 0)
}

function tokenAt(text: string, at: number): string | null {
  const kind = text[at] === '"' ? string : other
  kind.lastIndex = at
  return kind.exec(text)?.[0] ?? null
}

/** What is wanted after a token, or null when it is not the one that was. Keeps count of what is open. */
function next(wanted: Wanted, token: string, open: ('{' | '[')[]): Wanted | null {
  if (token === '}' || token === ']') return closes(wanted, token, open) ? after(open) : null
  if (wanted === 'nothing') return null
  if (wanted === 'colon') return token === ':' ? 'value' : null
  if (wanted === 'separator') {
    if (token !== ',') return null
    return open.at(-1) === '{' ? 'key' : 'value'
  }
  if (wanted === 'key' || wanted === 'key or end') return token.startsWith('"') ? 'colon' : null
  if (token === ',' || token === ':') return null
  if (token !== '{' && token !== '[') return after(open)
  open.push(token)
  return token === '{' ? 'key or end' : 'value or end'
}

function closes(wanted: Wanted, token: '}' | ']', open: ('{' | '[')[]): boolean {
  if (wanted !== 'separator' && wanted !== (token === '}' ? 'key or end' : 'value or end')) return false
  return open.pop() === (token === '}' ? '{' : '[')
}

/** What is wanted after a whole value. */
const after = (open: readonly string[]): Wanted => (open.length === 0 ? 'nothing' : 'separator')

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
