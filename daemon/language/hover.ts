import { pathText } from '../config/findings.ts'
import { entryAt, pathOf, type Outline, type Span } from './outline.ts'
import { schemaFor } from './schema-walk.ts'

/** What is known of the key at a place, as Markdown. */
export function hoverAt(outline: Outline, offset: number): (Span & { readonly markdown: string }) | null {
  const found = entryAt(outline, offset)
  if (found === null) return null
  const { entry, part } = found
  const path = pathOf(entry)
  const description = schemaFor(path)?.description
  if (description === undefined) return null
  const { start, end } = part === 'key' ? entry.keySpan : (entry.value ?? entry.keySpan)
  return { start, end, markdown: `\`${pathText(path).replaceAll('`', "'")}\`\n\n${description}` }
}
