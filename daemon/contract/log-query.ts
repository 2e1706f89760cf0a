// Without zod, so that the command line and the views can tell a query that cannot be read while it is typed.
import { logKinds, logLevels, longestLogQuery } from './log-words.ts'

/** One thing that a record must be like, or must not. */
export type LogCondition = { readonly not: boolean } & (
  | { readonly kind: 'text'; readonly text: string }
  /** In RE2's syntax. */
  | { readonly kind: 'regex'; readonly pattern: string }
  | {
      readonly kind: 'field'
      /** `level`, `source`, `app` and `kind` are the record's own; any other is a member of the line, by its path. */
      readonly name: string
      readonly operator: FieldOperator
      /** Of `level` and `kind` one of their words, of a level also `none`; all three in lower case. */
      readonly value: string
    }
)

/** `:` and `=`: equal, `*` standing for any text; `~`: holds; the others compare numbers, and levels by gravity. */
export type FieldOperator = '=' | '~' | '<' | '<=' | '>' | '>='

/** What is wrong with a query, and where, in UTF-16 units. */
export interface QueryProblem {
  readonly message: string
  readonly from: number
  readonly to: number
}

export type ParsedQuery =
  | { readonly conditions: readonly LogCondition[] }
  | { readonly problem: QueryProblem }

/** Where a value ends that is not in quotes. */
const space = /\s/
/** A name of a field and what compares it, at the beginning of a term. */
const fieldHead = /^([\p{L}_@](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}_])?)(:|==|=~|=|!=|!~|~|<=|>=|<|>)/u
/** As long as a name with its operator may be. */
const longestHead = 300
/** What each operator that people know from elsewhere means here. */
const meanings: Readonly<Record<string, FieldOperator>> = { ':': '=', '==': '=', '!=': '=', '!~': '~' }
/** What stands alone where a space was set between a field and its value. */
const loneOperator = /^(?:[<>=!]=|[<>=]|=~|!~)$/
const orQuotes = 'put it into quotes to look for this text'

/**
 * Reads what a person types: words and `"exact phrases"`, whose case is not looked at; `/patterns/`, with `i` behind
 * them when case does not matter; `name:value`, `name=value`, `name~part`, `name>=number`; each with `-` or `!` before
 * it when records must not be like that. All must hold. A text that begins like a field but is meant as a text goes
 * into quotes; what people paste most (paths, addresses, `C:\x`, `std::string`, `main.ts:4:2`) is taken as text anyway.
 */
export function parseLogQuery(query: string): ParsedQuery {
  if (query.length > longestLogQuery) {
    const message = `expected at most ${longestLogQuery} characters`
    return { problem: { message, from: longestLogQuery, to: query.length } }
  }
  const conditions: LogCondition[] = []
  let at = 0
  for (;;) {
    while (at < query.length && space.test(query[at] ?? '')) at += 1
    if (at >= query.length) return { conditions }
    const not = isNegation(query, at)
    const term = readTerm(query, not ? at + 1 : at)
    if ('problem' in term) return term
    if (term.condition !== null) conditions.push({ ...term.condition, not: term.not !== not })
    at = term.next
  }
}

/** A sign before something; `-` alone, `->`, `--flag` and `!=` are texts. */
const isNegation = (query: string, at: number): boolean =>
  /^(?:-[^\s>-]|![^\s=~!])/.test(query.slice(at, at + 2))

type Bare = LogCondition extends infer C ? (C extends LogCondition ? Omit<C, 'not'> : never) : never
interface Read {
  readonly condition: Bare | null
  /** Whether its operator says that records must not be like that. */
  readonly not: boolean
  readonly next: number
}
type Problem = { readonly problem: QueryProblem }

const problem = (message: string, from: number, to: number): Problem => ({ problem: { message, from, to } })

function readTerm(query: string, at: number): Read | Problem {
  if (query[at] === '/') return readPattern(query, at) ?? readText(query, at)
  const head = fieldHead.exec(query.slice(at, at + longestHead))
  if (head !== null && !isPasted(head, query.slice(at + head[0].length))) return readField(query, at, head)
  return readText(query, at)
}

/** Whether what looks like a field is a text that people paste: where it would be a field it goes on like this. */
function isPasted([, name = '', operator = '']: RegExpExecArray, rest: string): boolean {
  // Ruby's `key=>value`.
  if (operator === '=') return rest.startsWith('>')
  if (operator !== ':') return false
  return (
    // https://shop.test, std::string, and `Error: it broke`.
    /^(?:\/\/|:|\s+\S)/.test(rest) ||
    // C:\x
    (name.length === 1 && /^[\\/]/.test(rest)) ||
    // src/main.ts:4, main.ts:4:2
    (name.includes('/') && /^\d/.test(rest)) ||
    (name.includes('.') && /^\d+:\d/.test(rest)) ||
    (name === 'localhost' && /^\d/.test(rest))
  )
}

function readText(query: string, at: number): Read | Problem {
  const value = readValue(query, at)
  if ('problem' in value) return value
  const { text, next, quoted } = value
  if (!quoted) {
    if (text === 'AND' || text === '&&') return { condition: null, not: false, next }
    if (text === 'OR' || text === '||')
      return problem('all of it must hold; /one|other/ finds one of several, "OR" the word', at, next)
    if (text === 'NOT')
      return problem('expected - before what must not be there; "NOT" finds the word', at, next)
    if (loneOperator.test(text))
      return problem(`expected no space around it, as in status>=500; or ${orQuotes}`, at, next)
  }
  return { condition: text === '' ? null : { kind: 'text', text }, not: false, next }
}

function readField(
  query: string,
  at: number,
  [head, name = '', operator = '']: RegExpExecArray,
): Read | Problem {
  const value = readValue(query, at + head.length)
  if ('problem' in value) return value
  const { text, next, quoted } = value
  if (text === '' && !quoted) return problem(`expected a value after ${head}; or ${orQuotes}`, at, next)
  if (operator === '=~')
    return problem(`expected ${name}~part, or a /pattern/ for the whole line; or ${orQuotes}`, at, next)
  // What the pattern found is one of them.
  const meant = meanings[operator] ?? (operator as FieldOperator)
  const fitting = valueFor(name, meant, text)
  if (fitting === null) return problem(`expected ${expected(name, meant)}; or ${orQuotes}`, at, next)
  const condition = { kind: 'field', name, operator: meant, value: fitting } as const
  return { condition, not: operator.startsWith('!'), next }
}

/** How levels are also written. */
const otherLevels: Readonly<Record<string, string>> = {
  verbose: 'trace',
  dbg: 'debug',
  information: 'info',
  notice: 'info',
  warning: 'warn',
  err: 'error',
  critical: 'fatal',
  crit: 'fatal',
  panic: 'fatal',
}

const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
/** What a level or a kind can be; null for what can be anything. */
const wordsOf = (name: string, operator: FieldOperator): readonly string[] | null => {
  if (name === 'level') return operator === '=' ? [...logLevels, 'none'] : logLevels
  return name === 'kind' ? logKinds : null
}

/** The value as it is compared, or null where nothing could ever be like it. */
function valueFor(name: string, operator: FieldOperator, text: string): string | null {
  if (operator === '~') return name === 'kind' ? null : text
  const words = operator === '=' || name === 'level' ? wordsOf(name, operator) : null
  if (words === null) return operator === '=' || (name !== 'kind' && numeric.test(text)) ? text : null
  const lower = text.toLowerCase()
  const word = name === 'level' && Object.hasOwn(otherLevels, lower) ? (otherLevels[lower] ?? lower) : lower
  return words.includes(word) ? word : null
}

function expected(name: string, operator: FieldOperator): string {
  if (name === 'kind') return `kind: and one of ${logKinds.join(', ')}`
  const words = wordsOf(name, operator)
  return words === null ? `a number after ${name}${operator}` : `one of ${words.join(', ')}`
}

/** @returns null for what is a path such as /var/log, or has no end. */
function readPattern(query: string, at: number): Read | null {
  let pattern = ''
  for (let i = at + 1; i < query.length; i++) {
    const unit = query[i] ?? ''
    if (unit === '/') {
      const flag = query[i + 1] === 'i' ? 'i' : ''
      const next = i + 1 + flag.length
      // What goes on behind it is a path.
      if (pattern === '' || (next < query.length && !space.test(query[next] ?? ''))) return null
      return {
        condition: { kind: 'regex', pattern: flag === '' ? pattern : `(?i)${pattern}` },
        not: false,
        next,
      }
    }
    if (unit === '\\' && i + 1 < query.length) {
      i += 1
      pattern += query[i] === '/' ? '/' : `\\${query[i] ?? ''}`
    } else pattern += unit
  }
  return null
}

interface Value {
  readonly text: string
  readonly next: number
  readonly quoted: boolean
}

/** A word, or what stands in quotes; `\"` is a quote in it, and `\\` a backslash. */
function readValue(query: string, at: number): Value | Problem {
  if (query[at] === '"') return readPhrase(query, at)
  const single = query[at] === "'" ? singleQuoted(query, at) : null
  if (single !== null) return single
  let next = at
  while (next < query.length && !space.test(query[next] ?? '')) next += 1
  return { text: query.slice(at, next), next, quoted: false }
}

function readPhrase(query: string, at: number): Value | Problem {
  let text = ''
  for (let i = at + 1; i < query.length; i++) {
    const unit = query[i] ?? ''
    if (unit === '"') return { text, next: i + 1, quoted: true }
    if (unit === '\\' && (query[i + 1] === '"' || query[i + 1] === '\\')) {
      text += query[i + 1]
      i += 1
    } else text += unit
  }
  return problem('expected a " that ends the phrase', at, query.length)
}

/** As people quote in a shell, as it stands; null for an apostrophe. */
function singleQuoted(query: string, at: number): Value | null {
  for (let end = query.indexOf("'", at + 1); end !== -1; end = query.indexOf("'", end + 1)) {
    const next = end + 1
    if (next < query.length && !space.test(query[next] ?? '')) continue
    return { text: query.slice(at + 1, end), next, quoted: true }
  }
  return null
}
