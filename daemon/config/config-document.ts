import {
  Composer,
  CST,
  Lexer,
  Parser,
  type DocumentOptions,
  type ParseOptions,
  type ParsedNode,
  type SchemaOptions,
  type YAMLError,
} from 'yaml'
import { error, warning, type Finding, type Fix } from './findings.ts'

/** Collections inside one another. */
export const deepest = 64
const mostAliases = 100
/** The smallest parts of a text: each costs a microsecond and, where it is wrong, ten; all callers wait for them. */
const mostTokens = 100_000

const options: ParseOptions & DocumentOptions & SchemaOptions = {
  prettyErrors: false,
  // Compares each key with each other one: a minute for a file of 1 MiB. We look for duplicates ourselves.
  uniqueKeys: false,
  stringKeys: true,
  // Whatever a %YAML directive says, and without the tags that make dates, sets and bytes.
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
}

export interface ConfigDocument {
  /** Null for an empty file, and where there is an error. */
  readonly root: ParsedNode | null
  readonly findings: readonly Finding[]
}

/** Parses a text as one YAML document. */
export function parseYaml(text: string): ConfigDocument {
  const { tokens, problem } = tokensOf(text)
  const second = tokens.filter(({ type }) => type === 'document')[1]
  if (problem !== null) return { root: null, findings: [problem] }
  if (second !== undefined)
    return {
      root: null,
      findings: [error(second.offset, 'expected one document only', { code: 'syntax' })],
    }
  const [document] = new Composer(options).compose(tokens, true, text.length)
  if (document === undefined) return { root: null, findings: [] }
  const wrong = syntaxError(document.errors, text)
  if (wrong !== null) return { root: null, findings: [wrong] }
  const findings = document.warnings.map(({ pos, message }) =>
    warning(pos[0], `ignored: ${message.slice(0, 200)}`, { end: pos[1], code: 'syntax' }),
  )
  return { root: document.contents, findings }
}

/**
 * Takes a text apart without recursion, and stops at the first limit that is passed. What follows is recursive, and
 * a stack that overflows there can take the whole process down.
 */
function tokensOf(text: string): { readonly tokens: readonly CST.Token[]; readonly problem: Finding | null } {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  let aliases = 0
  let previous = ''
  for (const lexeme of new Lexer().lex(text)) {
    const start = parser.offset
    for (const token of parser.next(lexeme)) tokens.push(token)
    count += 1
    if (lexeme.startsWith('*') && previous !== CST.SCALAR) aliases += 1
    previous = lexeme
    const problem = passedLimit(parser, count, aliases)
    if (problem !== null) return { tokens, problem: error(start, problem, { code: 'limit' }) }
  }
  for (const token of parser.end()) tokens.push(token)
  return { tokens, problem: null }
}

function passedLimit(parser: Parser, tokens: number, aliases: number): string | null {
  if (tokens > mostTokens) return `expected at most ${mostTokens} keys, values and marks`
  if (aliases > mostAliases) return `expected at most ${mostAliases} aliases (*name)`
  // A document and at most one scalar are on the stack too, so that most tokens need no count.
  if (parser.stack.length <= deepest) return null
  const depth = parser.stack.filter(({ type }) => collections.has(type)).length
  return depth > deepest ? `expected at most ${deepest} levels of nesting` : null
}

const collections: ReadonlySet<string> = new Set(['block-map', 'block-seq', 'flow-collection'])

/** One only: behind the first mistake the parser guesses, and what it then says of right lines misleads. */
function syntaxError(errors: readonly YAMLError[], text: string): Finding | null {
  // A few: each may look back along a line of 1 MiB.
  const inOrder = errors.toSorted((a, b) => a.pos[0] - b.pos[0]).slice(0, 20)
  const tab = inOrder.map((found) => tabBefore(text, found)).find((offset) => offset !== null)
  if (tab !== undefined)
    return error(tab, 'a tab stands where the line is indented; YAML allows only spaces there', {
      end: tab + 1,
      code: 'syntax',
      fix: spacesForTabs(text, tab),
    })
  const [first] = inOrder
  if (first === undefined) return null
  return error(first.pos[0], inWords(first), { end: first.pos[1], code: 'syntax' })
}

/** Two spaces for each tab that indents the line. */
function spacesForTabs(text: string, tab: number): Fix {
  const start = text.lastIndexOf('\n', tab - 1) + 1
  const indentation = /^[ \t]*/.exec(text.slice(start, start + 1000))?.[0] ?? ''
  const spaces = indentation.replaceAll('\t', '  ')
  return { title: 'Indent with spaces', start, end: start + indentation.length, text: spaces }
}

/** Where a tab indents the line that an error is in. */
function tabBefore(text: string, { pos: [offset] }: YAMLError): number | null {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const indentation = /^ *\t/.exec(text.slice(start, start + 1000))?.[0]
  return indentation === undefined ? null : start + indentation.length - 1
}

/** Never quotes what stands there, which may be a secret. */
function inWords({ code, message }: YAMLError): string {
  if (code === 'UNEXPECTED_TOKEN') return 'not YAML: something stands here that does not belong here'
  if (code === 'BLOCK_AS_IMPLICIT_KEY')
    return 'not YAML: a value that holds ": " needs quotes, and keys of a mapping must stand in one column'
  if (code === 'NON_STRING_KEY') return 'not YAML as we read it: a key must be text'
  return `not YAML: ${message.slice(0, 200)}`
}
