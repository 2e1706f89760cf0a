// Without zod, so that the command line and the views can tell a query that cannot be read while it is typed.

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
const fieldHead = /^([A-Za-z_@][\w.@/-]*)(:|=|~|<=|>=|<|>)/

/**
 * Reads what a person types: words and `"exact phrases"`, whose case is not looked at; `/patterns/`; `name:value`,
 * `name=value`, `name~part`, `name>=number`; each with `-` before it when records must not be like that. All must hold.
 * A text that begins like a field but is meant as a text goes into quotes.
 */
export function parseLogQuery(query: string): ParsedQuery {
  const conditions: LogCondition[] = []
  let at = 0
  for (;;) {
    while (at < query.length && space.test(query[at] ?? '')) at += 1
    if (at >= query.length) return { conditions }
    const not = query[at] === '-' && at + 1 < query.length && !space.test(query[at + 1] ?? '')
    const term = readTerm(query, not ? at + 1 : at)
    if ('problem' in term) return term
    if (term.condition !== null) conditions.push({ ...term.condition, not })
    at = term.next
  }
}

type Bare = LogCondition extends infer C ? (C extends LogCondition ? Omit<C, 'not'> : never) : never
type Term = { readonly condition: Bare | null; readonly next: number } | { readonly problem: QueryProblem }

function readTerm(query: string, at: number): Term {
  if (query[at] === '/') return readPattern(query, at)
  const head = fieldHead.exec(query.slice(at, at + 300))
  // An address such as https://shop.test is looked for as it stands.
  if (head !== null && !query.startsWith('//', at + head[0].length)) return readField(query, at, head)
  const value = readValue(query, at)
  if ('problem' in value) return value
  return { condition: value.text === '' ? null : { kind: 'text', text: value.text }, next: value.next }
}

function readField(query: string, at: number, [head, name = '', operator = '']: RegExpExecArray): Term {
  const value = readValue(query, at + head.length)
  if ('problem' in value) return value
  if (value.text === '' && value.next === at + head.length) {
    const message = `expected a value after ${head}; put it into quotes to look for this text`
    return { problem: { message, from: at, to: value.next } }
  }
  // What was matched is one of them.
  const meant = (operator === ':' ? '=' : operator) as FieldOperator
  return { condition: { kind: 'field', name, operator: meant, value: value.text }, next: value.next }
}

function readPattern(query: string, at: number): Term {
  let pattern = ''
  for (let i = at + 1; i < query.length; i++) {
    const unit = query[i] ?? ''
    if (unit === '/') {
      const next = i + 1
      if (pattern === '') break
      // What goes on behind it is a path such as /var/log.
      if (next < query.length && !space.test(query[next] ?? '')) break
      return { condition: { kind: 'regex', pattern }, next }
    }
    if (unit === '\\' && query[i + 1] === '/') {
      pattern += '/'
      i += 1
    } else pattern += unit
  }
  const value = readValue(query, at)
  if ('problem' in value) return value
  return { condition: { kind: 'text', text: value.text }, next: value.next }
}

/** A word, or what stands in quotes; `\"` is a quote in it, and `\\` a backslash. */
function readValue(
  query: string,
  at: number,
): { readonly text: string; readonly next: number } | { readonly problem: QueryProblem } {
  if (query[at] !== '"') {
    let next = at
    while (next < query.length && !space.test(query[next] ?? '')) next += 1
    return { text: query.slice(at, next), next }
  }
  let text = ''
  for (let i = at + 1; i < query.length; i++) {
    const unit = query[i] ?? ''
    if (unit === '"') return { text, next: i + 1 }
    if (unit === '\\' && (query[i + 1] === '"' || query[i + 1] === '\\')) {
      text += query[i + 1]
      i += 1
    } else text += unit
  }
  return { problem: { message: 'expected a " that ends the phrase', from: at, to: query.length } }
}
