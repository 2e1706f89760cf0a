/** A condition on an answer in JSON, such as `.status == "healthy"` or `.checks[0].lag < 5`. */
export interface JsonCondition {
  /** As it was written. */
  readonly text: string
  /** Names of members and places in lists, from the outside inwards. */
  readonly path: readonly (string | number)[]
  readonly operator: Operator
  readonly value: Literal
}

const operators = ['==', '!=', '<=', '>=', '<', '>'] as const
type Operator = (typeof operators)[number]
type Literal = string | number | boolean | null

export const conditionExpected = 'expected a condition such as .status == "healthy"'

/** So deep nobody nests what says whether an app is well. */
const deepest = 32

/** @returns the condition, or in words why it is none. It is linear in the text. */
export function parseCondition(text: string): JsonCondition | string {
  const { path, rest } = readPath(text.trimStart())
  if (path === null) return 'it begins with a path such as .items[0].name'
  if (path.length > deepest) return `a path of at most ${deepest} steps`
  const after = rest.trimStart()
  const operator = operators.find((one) => after.startsWith(one))
  if (operator === undefined) return `after the path one of ${operators.join(' ')}`
  const literal = after.slice(operator.length).trim()
  const value = readLiteral(literal)
  if (value === undefined) return 'after the operator a value of JSON'
  if (operator !== '==' && operator !== '!=' && typeof value !== 'number') return `a number after ${operator}`
  return { text: text.trim(), path, operator, value }
}

function readPath(text: string): { readonly path: (string | number)[] | null; readonly rest: string } {
  const path: (string | number)[] = []
  // Sticky, so that each step begins where the last one ended.
  const step = /\.([A-Za-z_][\w-]{0,199})|\[(\d{1,9})\]|\["([^"\\]{0,200})"\]|\.(?=\s|$)/y
  let at = 0
  while (at < text.length) {
    step.lastIndex = at
    const match = step.exec(text)
    if (match === null) break
    const [, name, place, quoted] = match
    if (place !== undefined) path.push(Number(place))
    else if ((name ?? quoted) !== undefined) path.push(name ?? quoted ?? '')
    at = step.lastIndex
  }
  return at === 0 ? { path: null, rest: text } : { path, rest: text.slice(at) }
}

/** Undefined for what is no value of JSON, or one that has parts. */
function readLiteral(text: string): Literal | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  } catch {
    return undefined
  }
}

const longestShown = 60

/** What keeps a condition from being true of a value, in words; null when it is. */
export function conditionProblem(condition: JsonCondition, root: unknown): string | null {
  const found = valueAt(root, condition.path)
  if (found === undefined) return `there is no ${pathOf(condition)} in the answer`
  return holds(condition, found)
    ? null
    : `${pathOf(condition)} is ${shown(found)} (expected ${condition.text})`
}

const pathOf = ({ path }: JsonCondition): string =>
  path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('') || '.'

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let at: unknown = root
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[step]
  }
  return at
}

function holds({ operator, value }: JsonCondition, found: unknown): boolean {
  if (operator === '==') return found === value
  if (operator === '!=') return found !== value
  if (typeof found !== 'number' || typeof value !== 'number') return false
  if (operator === '<') return found < value
  if (operator === '>') return found > value
  return operator === '<=' ? found <= value : found >= value
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}
