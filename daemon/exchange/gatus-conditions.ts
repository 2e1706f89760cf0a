import type { StatusRange } from '../config/config-shapes.ts'
import type { JsonCondition } from '../config/json-condition.ts'
import { anyStatus, isWithin, statusesWhere } from './status-ranges.ts'
import { goDuration, goDurationMs, literal } from './words.ts'

/** What the conditions of an endpoint ask for, in our words. */
export interface Expectations {
  readonly statuses: readonly StatusRange[]
  readonly contains: string | null
  /** Conditions on JSON, as the configuration writes them. */
  readonly json: readonly string[]
  /** An answer that takes so long or longer is not good; null: no matter. */
  readonly belowMs: number | null
  /** A certificate that ends sooner is not good; 0: no matter. */
  readonly certificateMs: number
  /** What no check can ask for, and why. */
  readonly rest: readonly string[]
}

const operators = ['==', '!=', '<=', '>=', '>', '<'] as const
type Operator = (typeof operators)[number]

interface Condition {
  readonly left: string
  readonly operator: Operator
  readonly right: string
}

/** Gatus looks for these in this order, each between spaces, and splits there. */
function conditionOf(text: string): Condition | null {
  if (text.length > 4000) return null
  const operator = operators.find((one) => text.includes(` ${one} `))
  if (operator === undefined) return null
  const [left = '', right = ''] = text.split(` ${operator} `)
  // A placeholder is the same in capitals and without.
  const placeholder = left.trim().replace(/^\[[A-Za-z_]{1,40}\]/, (name) => name.toUpperCase())
  return { left: placeholder, operator, right: right.trim() }
}

/** Puts together what the conditions of an endpoint say. It never throws: what cannot be said is in `rest`. */
export function expectationsOf(conditions: readonly string[]): Expectations {
  const found = { contains: null as string | null, belowMs: null as number | null, certificateMs: 0 }
  const statuses: ((status: number) => boolean)[] = []
  const json: string[] = []
  const rest: string[] = []
  for (const text of conditions) {
    const why = take(text)
    if (why !== null) rest.push(`the condition ${text.slice(0, 200)}: ${why}`)
  }
  return { ...found, json, rest, statuses: statusesWhere((one) => statuses.every((holds) => holds(one))) }

  /** @returns why not; null when it was taken. */
  function take(text: string): string | null {
    const condition = conditionOf(text)
    if (condition === null) return 'it is none'
    const { left, operator, right } = condition
    if (/^(?:len|has)\(/.test(left) || right.startsWith('[')) return 'checks compare a member with a value'
    if (left === '[CONNECTED]')
      return operator === '==' && right === 'true' ? null : 'checks ask for what takes a connection'
    if (left === '[STATUS]') {
      const holds = statusTest(operator, right)
      if (holds !== null) statuses.push(holds)
      return holds === null ? 'it is no condition on a status' : null
    }
    if (left === '[RESPONSE_TIME]') {
      const ms = upperBound(operator, right)
      if (ms === null) return 'checks bound the time of an answer from above'
      found.belowMs = Math.min(ms, found.belowMs ?? ms)
      return null
    }
    if (left === '[CERTIFICATE_EXPIRATION]') {
      const ms = operator === '>' || operator === '>=' ? goDurationMs(right) : null
      if (ms === null) return 'it is no least time'
      found.certificateMs = Math.max(found.certificateMs, ms)
      return null
    }
    if (left === '[BODY]') return takeBody(operator, right)
    if (left.startsWith('[BODY]')) return takeMember(left.slice('[BODY]'.length), operator, right)
    return 'checks know nothing of it'
  }

  function takeBody(operator: Operator, right: string): string | null {
    const [, text = ''] = operator === '==' ? (/^pat\(\*([^*?[\\]{1,1000})\*\)$/s.exec(right) ?? []) : []
    if (text === '') return 'checks look for a text in the answer: pat(*text*)'
    if (found.contains !== null && found.contains !== text) return 'checks look for one text'
    found.contains = text
    return null
  }

  function takeMember(path: string, operator: Operator, right: string): string | null {
    if (/^(?:any|pat)\(.*\)$/s.test(right)) return 'checks compare with one value'
    const written = pathOf(path)
    if (written === null) return 'it is no plain path'
    const value = literal(right)
    if (operator !== '==' && operator !== '!=' && !/^-?\d/.test(value)) return 'only numbers are less or more'
    json.push(`${written} ${operator} ${value}`)
    return null
  }
}

/** `.a.b-c[0]` as it is, and `["a b"]` for what is no plain name. */
function pathOf(path: string): string | null {
  const steps = [...path.matchAll(/\.([^.[\]"\\]{1,200})|\[(\d{1,9})\]/g)]
  if (steps.length === 0 || steps.map(([step]) => step).join('') !== path) return null
  return steps
    .map(([step, name]) => (name === undefined || /^[A-Za-z_][\w-]*$/.test(name) ? step : `["${name}"]`))
    .join('')
}

/** Null when it is no condition on a status. */
function statusTest(operator: Operator, right: string): ((status: number) => boolean) | null {
  const [, kind, inner = ''] = /^(any|pat)\((.*)\)$/.exec(right) ?? []
  if (kind !== undefined && operator !== '==' && operator !== '!=') return null
  const isWanted = operator !== '!='
  if (kind === 'any') {
    const all = new Set(inner.split(',').map((one) => Number(one.trim())))
    return (status) => all.has(status) === isWanted
  }
  if (kind === 'pat') {
    if (!/^[\d*?]{1,20}$/.test(inner)) return null
    const pattern = new RegExp(`^${inner.replaceAll(/\*+/g, '\\d*').replaceAll('?', '\\d')}$`)
    return (status) => pattern.test(String(status)) === isWanted
  }
  const number = /^\d{1,4}$/.test(right) ? Number(right) : null
  return number === null ? null : (status) => compare(status, operator, number)
}

function compare(a: number, operator: Operator, b: number): boolean {
  if (operator === '==') return a === b
  if (operator === '!=') return a !== b
  if (operator === '<') return a < b
  if (operator === '>') return a > b
  return operator === '<=' ? a <= b : a >= b
}

/** Times are whole milliseconds there: at most 500 is less than 501. Null when it is no upper bound. */
function upperBound(operator: Operator, right: string): number | null {
  const ms = /^\d{1,9}$/.test(right) ? Number(right) : goDurationMs(right)
  if (ms === null || ms <= 0) return null
  if (operator === '<') return ms
  return operator === '<=' ? ms + 1 : null
}

/** Said by exceptions up to here, and else by all that is good. */
const mostExceptions = 20

/** The conditions that hold for these statuses alone. */
export function statusConditions(ranges: readonly StatusRange[]): readonly string[] {
  const first = ranges[0]?.[0] ?? 100
  const last = ranges.at(-1)?.[1] ?? 599
  const size = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  if (size === 1) return [`[STATUS] == ${first}`]
  const singles = ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
  )
  if (ranges.length > 1 && size <= mostExceptions) return [`[STATUS] == any(${singles.join(', ')})`]
  const lacking = statusesWhere((one) => one >= first && one <= last && !isWithin(ranges, one)).flatMap(
    ([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index),
  )
  if (lacking.length > mostExceptions) return [`[STATUS] == any(${singles.join(', ')})`]
  const [anyFirst, anyLast] = anyStatus[0] ?? [100, 599]
  return [
    ...(first === anyFirst ? [] : [`[STATUS] >= ${first}`]),
    ...(last === anyLast ? [] : [`[STATUS] <= ${last}`]),
    ...lacking.map((one) => `[STATUS] != ${one}`),
  ]
}

/** It would be split there. */
const splits = / (?:==|!=|<=|>=|>|<) /

/** A condition on JSON as Gatus writes it; null for what it cannot say. */
export function memberCondition({ path, operator, value }: JsonCondition): string | null {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
  const isPlain = path.every((step) => typeof step === 'number' || /^[^.[\]"\\\s]+$/.test(step))
  const text = String(value)
  // A function or a placeholder would be taken as that, and spaces at the ends are cut off.
  const isText =
    text !== '' && text.trim() === text && !/^(?:any|pat)\(|^\[|\n/.test(text) && !splits.test(text)
  // Less and more are of whole numbers there.
  const isWhole = operator === '==' || operator === '!=' || Number.isInteger(value)
  if (!isPlain || steps.length === 0 || !isText || !isWhole || value === null) return null
  return `[BODY]${steps.join('')} ${operator} ${text}`
}

/** That the answer has a text; null where a pattern cannot say it. */
export const textCondition = (text: string): string | null =>
  /[*?[\\\n]/.test(text) || splits.test(text) ? null : `[BODY] == pat(*${text}*)`

export const certificateCondition = (ms: number): string => `[CERTIFICATE_EXPIRATION] > ${goDuration(ms)}`
