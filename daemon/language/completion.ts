import {
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
  MarkupKind,
  type CompletionItem,
} from 'vscode-languageserver/node'
import type { JsonSchema } from '../config/config-json-schema.ts'
import { cursorAt, type Cursor } from './cursor.ts'
import { entryFor, pathOf, type Outline, type Span } from './outline.ts'
import { datasourcesOf, referenceAt } from './references.ts'
import { forms, isList, isMapping, schemaFor, wordsFor } from './schema-walk.ts'

/** Something to insert, for whoever counts in lines to place. */
export interface Proposal {
  readonly label: string
  readonly kind: CompletionItemKind
  readonly detail?: string
  readonly documentation?: string
  /** A snippet. */
  readonly insert: string
  readonly sort: string
}

export interface Proposals {
  readonly start: number
  readonly end: number
  readonly proposals: readonly Proposal[]
}

export interface CompletionAround {
  /** The names of apps that the daemon knows. */
  readonly apps: readonly string[]
  /** The character that asked by being typed; null when a person asked, or typed a word. */
  readonly typed: string | null
}

/** What could be typed at a place, also where the text around it is half-written. */
export function complete(outline: Outline, offset: number, { apps, typed }: CompletionAround): Proposals {
  const cursor = cursorAt(outline, offset)
  // Whoever indents a line is offered nothing that the next Enter would take, and nothing can take the place of what
  // was begun on another line.
  const indents = typed === ' ' && cursor?.role === 'key' && !cursor.inFlow
  const isElsewhere = cursor !== null && outline.text.slice(cursor.word.start, offset).includes('\n')
  if (cursor === null || indents || isElsewhere) return { start: offset, end: offset, proposals: [] }
  return { ...replaced(outline, cursor.word, offset), proposals: proposalsAt(outline, cursor, apps) }
}

/** An editor replaces only what is on one line. */
function replaced({ text }: Outline, { start, end }: Span, offset: number): Span {
  return { start, end: text.slice(start, end).includes('\n') ? offset : end }
}

function proposalsAt(outline: Outline, cursor: Cursor, apps: readonly string[]): readonly Proposal[] {
  const { owner, role } = cursor
  const path = pathOf(owner)
  const schema = schemaFor(path)
  if (schema === null) return []
  const values = (at: readonly (string | number)[]) => [
    ...words(schemaFor(at) ?? {}),
    ...names(outline, at, apps),
  ]
  if (role === 'item') return values([...path, 0])
  // A list without its `-` yet.
  if (role === 'key' && isList(schema))
    return values([...path, 0]).map((one) => ({ ...one, insert: `- ${one.insert}` }))
  if (role === 'key') return keys(schema, cursor)
  const spaced = outline.text[cursor.word.start - 1] === ':' ? ' ' : ''
  if (typeof owner.key === 'number' && isMapping(schema)) return keys(schema, cursor)
  const listed = isList(schema)
    ? values([...path, 0]).map((one) => ({ ...one, insert: `[${one.insert}]` }))
    : []
  return [...values(path), ...listed].map((one) => ({ ...one, insert: spaced + one.insert }))
}

/** The keys of a mapping that are not there yet. */
function keys(schema: JsonSchema, cursor: Cursor): readonly Proposal[] {
  const { owner, changed, word } = cursor
  const there = new Set(
    owner.children
      .filter((child) => child !== changed && child.keySpan.start !== word.start)
      .map(({ key }) => key),
  )
  return forms(schema).flatMap(({ properties = {}, additionalProperties, required = [] }) => [
    ...Object.entries(properties)
      .filter(([key]) => !there.has(key))
      .map(([key, part], index) =>
        keyProposal(key, part, cursor, `${required.includes(key) ? 0 : 1}${order(index)}`),
      ),
    ...(typeof additionalProperties === 'object' && isMapping(additionalProperties) && changed === null
      ? [freeKey(additionalProperties, cursor)]
      : []),
  ])
}

const order = (index: number): string => String(index).padStart(3, '0')

function keyProposal(key: string, part: JsonSchema, cursor: Cursor, sort: string): Proposal {
  return {
    label: key,
    kind: isMapping(part) ? CompletionItemKind.Module : CompletionItemKind.Property,
    ...(part.description === undefined ? {} : { documentation: part.description }),
    insert:
      cursor.changed === null ? `${key}: ${valueSnippet(part, cursor.inFlow)}`.replace(': \n', ':\n') : key,
    sort,
  }
}

/** A key of any name, such as that of a job. */
function freeKey(part: JsonSchema, { inFlow }: Cursor): Proposal {
  const required = forms(part).flatMap((form) => form.required ?? [])
  const inner = required.map((key, index) => `${key}: \${${index + 2}}`)
  const insert = inFlow
    ? `\${1:name}: { ${inner.join(', ')}$0 }`
    : `\${1:name}:\n${inner.map((line) => `  ${line}`).join('\n')}${inner.length === 0 ? '  ' : ''}$0`
  return {
    label: 'name',
    kind: CompletionItemKind.Snippet,
    detail: part.description?.split('\n')[0] ?? '',
    insert,
    sort: '2',
  }
}

function valueSnippet(part: JsonSchema, inFlow: boolean): string {
  const choices = wordsFor(part)
  if (choices.length > 0) return `\${1|${choices.join(',')}|}`
  if (isMapping(part)) return inFlow ? '{ $0 }' : '\n  $0'
  if (isList(part)) return inFlow ? '[$0]' : '\n  - $0'
  return '$0'
}

const words = (schema: JsonSchema): readonly Proposal[] =>
  wordsFor(schema).map((word, index) => ({
    label: word,
    kind: CompletionItemKind.EnumMember,
    insert: word,
    sort: `0${order(index)}`,
  }))

/** What the file, or the daemon, knows under names. */
function names(
  outline: Outline,
  path: readonly (string | number)[],
  apps: readonly string[],
): readonly Proposal[] {
  const proposal = (detail: string) => (name: string) => ({
    label: name,
    kind: CompletionItemKind.Reference,
    detail,
    insert: name.replaceAll(/[\\$}]/g, '\\$&'),
    sort: `0${name}`,
  })
  const kind = referenceAt(path)
  if (kind === 'datasource')
    return datasourcesOf(outline).map(({ key }) => proposal('datasource')(String(key)))
  if (kind !== 'app') return []
  const own = entryFor(outline, ['admin', 'name'])?.value?.text
  const listed = entryFor(outline, path.slice(0, -1))?.children.map(({ value }) => value?.text) ?? []
  return apps.filter((app) => app !== own && !listed.includes(app)).map(proposal('app'))
}

/** A proposal as the protocol wants it, at a range that is counted in lines. */
export function completionItem(
  { label, kind, detail, documentation, insert, sort }: Proposal,
  range: CompletionRange,
): CompletionItem {
  return {
    label,
    kind,
    ...(detail === undefined ? {} : { detail }),
    ...(documentation === undefined
      ? {}
      : { documentation: { kind: MarkupKind.Markdown, value: documentation } }),
    sortText: sort,
    insertTextFormat: InsertTextFormat.Snippet,
    insertTextMode: InsertTextMode.adjustIndentation,
    textEdit: { range, newText: insert },
  }
}

type CompletionRange = NonNullable<Extract<CompletionItem['textEdit'], { range: unknown }>>['range']
