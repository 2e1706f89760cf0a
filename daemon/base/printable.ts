/**
 * Everything that a terminal or a tree view might act on or hide instead of showing: control characters (C0,
 * DEL, C1), format characters (bidirectional controls, invisible ones, tags), Unicode's line separators and
 * lone surrogates. The zero-width joiner stays, because emoji are made with it.
 */
const unsafe = /(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

/** How a character looks that must not take effect: `\n`, `\e`, `\x07`, `\u202e`, `\u{e0041}`. */
function shown(character: string): string {
  const name = named[character]
  if (name !== undefined) return name
  const code = character.codePointAt(0) ?? 0
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}

/**
 * Text from outside (names, commands, messages) as one harmless line: what would take effect is shown as an
 * escape, and anything over `limit` UTF-16 units is cut with an ellipsis.
 */
export function printable(text: string, limit = 1000): string {
  return cut(text, limit).replace(unsafe, shown)
}

/** What JSON leaves as it is although a terminal would act on it or hide it. Line ends are the indentation's. */
const unsafeInJson = /(?![\n\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * JSON for a terminal or a pipe: what would take effect or end a line is written as an escape, so that the same
 * value comes out when it is parsed.
 * @param indent - spaces; 0 for one line.
 */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(unsafeInJson, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Cuts without splitting a surrogate pair. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 2)
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 2 : limit - 1
  return `${text.slice(0, end)}…`
}

const longestLine = 16 * 1024
/** One escape sequence (ECMA-48): a CSI, a string (OSC, DCS, SOS, PM, APC), or ESC with one final byte. */
const sequence =
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for.
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g
// oxlint-disable-next-line no-control-regex -- a colour begins with the control character ESC.
const colour = /^\u001b\[[0-9;:]*m$/

/**
 * One line of a log as it may go to a terminal: colours (SGR) stay when `colours` is true and are closed at
 * the end, every other sequence is dropped, tabs stay, and what is left is treated as in {@link printable}.
 * @param limit - anything over so many UTF-16 units is cut with an ellipsis.
 */
export function printableLine(line: string, colours: boolean, limit = longestLine): string {
  let out = ''
  let at = 0
  let coloured = false
  const text = cut(line, limit)
  const keep = (end: number) =>
    text
      .slice(at, end)
      .split('\t')
      .map((part) => part.replace(unsafe, shown))
      .join('\t')
  for (const match of text.matchAll(sequence)) {
    out += keep(match.index)
    at = match.index + match[0].length
    if (!colours || !colour.test(match[0])) continue
    out += match[0]
    coloured = true
  }
  return `${out}${keep(text.length)}${coloured ? '\u001b[0m' : ''}`
}
