import { MarkdownString } from 'vscode'
import { fullText } from '../display.ts'

/** One line of a tooltip or document: what it is, and its value from outside. */
export type Line = readonly [name: string, value: string | number | null | undefined]

const present = ([, value]: Line): boolean => value !== null && value !== undefined && value !== ''

/** Text of names and values, one on a line; what is not known is left out. */
export const linesOf = (lines: readonly Line[]): readonly string[] =>
  lines.filter(present).map(([name, value]) => `${name}: ${fullText(String(value))}`)

/** A hover in which nothing from outside is more than text: no links, icons, HTML or commands. */
export function tooltip(title: string, lines: readonly Line[]): MarkdownString {
  const markdown = new MarkdownString(undefined, false)
  markdown.isTrusted = false
  markdown.supportHtml = false
  markdown.appendText([fullText(title), ...linesOf(lines)].join('\n'))
  // An address is made a link also where it stands bare; written like this it only looks the same.
  markdown.value = markdown.value.replaceAll('://', '&#58;//')
  return markdown
}
