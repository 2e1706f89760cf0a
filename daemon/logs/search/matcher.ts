import { RE2JS, RE2JSException } from 're2js'
import { Failure, messageOf } from '#base/failure.ts'
import { parseLogQuery, type FieldOperator, type LogCondition } from '#contract/log-query.ts'
import { logKinds, logLevels, type LogLevel } from '#contract/log-words.ts'
import type { LogFilter } from '#contract/logs.ts'
import { needleOf, type Needle } from '../scan/needle.ts'
import type { BlockFacts } from '../segments/block.ts'
import { kindPlace, levelPlace, type FrameView } from '../segments/frame.ts'
import { neededText, neededInPattern } from './needed.ts'

/** What a line says of itself, by path. */
export type FieldsOf = (line: string, format: string) => Readonly<Record<string, string>>

/** One record that is looked at; what is dear is made when it is asked for. */
class Looked {
  readonly app: string
  readonly #frame: FrameView
  readonly #row: number
  readonly #fieldsOf: FieldsOf
  #text: string | undefined
  #folded: string | undefined
  #fields: Readonly<Record<string, string>> | undefined

  constructor(app: string, frame: FrameView, row: number, fieldsOf: FieldsOf) {
    this.app = app
    this.#frame = frame
    this.#row = row
    this.#fieldsOf = fieldsOf
  }

  get source(): string {
    return this.#frame.source(this.#row)
  }

  get format(): string {
    return this.#frame.format(this.#row)
  }

  get text(): string {
    return (this.#text ??= this.#frame.textOf(this.#row))
  }

  get folded(): string {
    return (this.#folded ??= folded(this.text))
  }

  get fields(): Readonly<Record<string, string>> {
    return (this.#fields ??= this.#fieldsOf(this.text, this.#frame.format(this.#row)))
  }
}

/** Without regard to case. Two signs that become ASCII letters stay what they are, so that ASCII is found by its bytes. */
const folded = (text: string): string => text.replaceAll(/[\u0130\u212a]/g, '\ufffd').toLowerCase()

type Test = (line: Looked) => boolean

/** What records are looked for. */
export class Matcher {
  readonly since: number
  readonly until: number
  /** What stands in the text of each record that matches, the longest first. {@link matches} asks only where the first stands. */
  readonly needles: readonly Needle[]
  /** The bits that the filter of a block has when all of them may stand in it. */
  readonly bits: readonly number[]
  readonly #levels: number
  readonly #kinds: number
  readonly #sources: ReadonlySet<string> | null
  readonly #tests: readonly Test[]
  /** Whether records are asked for by nothing that stands in their text. */
  readonly #isPlain: boolean
  readonly #fieldsOf: FieldsOf

  /** @throws Failure `log-query-invalid`. */
  constructor(filter: LogFilter, fieldsOf: FieldsOf) {
    this.#fieldsOf = fieldsOf
    this.since = filter.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(filter.since)
    this.until = filter.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(filter.until)
    this.#sources = filter.sources === undefined ? null : new Set(filter.sources)
    const conditions = conditionsOf(filter.query)
    const levels = filter.levels?.map((level) => (level === 'none' ? 0 : logLevels.indexOf(level) + 1))
    this.#levels = conditions.reduce((mask, one) => mask & levelsOf(one), maskOf(levels, allLevels))
    const kinds = filter.kinds?.map((kind) => logKinds.indexOf(kind))
    this.#kinds = conditions.reduce((mask, one) => mask & kindsOf(one), maskOf(kinds, allKinds))
    const needed = conditions.flatMap((one) => {
      const text = neededOf(one)
      return text === null ? [] : [{ text, one }]
    })
    needed.sort((a, b) => b.text.length - a.text.length)
    this.needles = needed.map(({ text }) => needleOf(text))
    // Where it stands as it is, nothing more is to be asked.
    const [driver] = needed
    const known = driver?.one.kind === 'text' && isExact(driver.one.text) ? driver.one : null
    this.#tests = conditions.flatMap((one) => (one === known ? [] : (testOf(one) ?? [])))
    this.#isPlain = needed.length === 0 && this.#tests.length === 0
    this.bits = [...new Set(this.needles.flatMap(({ bits }) => bits))]
  }

  /** How many of a block match, by level's place; null when only its records can tell. Its times are not looked at. */
  countsOf({ levels, kinds }: BlockFacts): readonly number[] | null {
    if (!this.#isPlain || this.#sources !== null || (kinds & ~this.#kinds) !== 0) return null
    return levels.map((count, place) => ((this.#levels & (1 << place)) === 0 ? 0 : count))
  }

  /** Whether a record of this block may match. */
  may(facts: BlockFacts): boolean {
    if (facts.maxTime < this.since || facts.minTime > this.until || (facts.kinds & this.#kinds) === 0)
      return false
    if (!facts.levels.some((count, place) => count > 0 && (this.#levels & (1 << place)) !== 0)) return false
    const wanted = this.#sources
    return wanted === null || facts.sources.some((source) => wanted.has(source))
  }

  matches(app: string, frame: FrameView, row: number): boolean {
    const time = frame.time(row)
    if (time < this.since || time > this.until) return false
    const flags = frame.flags(row)
    if ((this.#levels & (1 << levelPlace(flags))) === 0 || (this.#kinds & (1 << kindPlace(flags))) === 0)
      return false
    if (this.#sources !== null && !this.#sources.has(frame.source(row))) return false
    if (this.#tests.length === 0) return true
    const line = new Looked(app, frame, row, this.#fieldsOf)
    return this.#tests.every((test) => test(line))
  }
}

const allLevels = (1 << (logLevels.length + 1)) - 1
const allKinds = (1 << logKinds.length) - 1

const maskOf = (places: readonly number[] | undefined, all: number): number =>
  places === undefined ? all : places.reduce((mask, place) => mask | (1 << place), 0)

function conditionsOf(query: string | undefined): readonly LogCondition[] {
  const parsed = parseLogQuery(query ?? '')
  if ('conditions' in parsed) return parsed.conditions
  const { message, from } = parsed.problem
  throw invalid(`${message}, at character ${from + 1} of the query`)
}

const invalid = (message: string): Failure =>
  new Failure('log-query-invalid', `The query cannot be read: ${message}`)

/** Which levels a condition leaves; all, where it is about something else. */
function levelsOf(condition: LogCondition): number {
  if (condition.kind !== 'field' || condition.name !== 'level') return allLevels
  const { operator, value, not } = condition
  const places = logLevels.flatMap((level, index) => (isLevel(level, operator, value) ? [index + 1] : []))
  if (value === 'none') places.push(0)
  const mask = maskOf(places, 0)
  return not ? allLevels & ~mask : mask
}

function isLevel(level: LogLevel, operator: FieldOperator, value: string): boolean {
  if (operator === '~') return level.includes(value.toLowerCase())
  const wanted = logLevels.findIndex((one) => one === value)
  return wanted !== -1 && compared(logLevels.indexOf(level), operator, wanted)
}

function kindsOf(condition: LogCondition): number {
  if (condition.kind !== 'field' || condition.name !== 'kind') return allKinds
  const mask = 1 << logKinds.findIndex((kind) => kind === condition.value)
  return condition.not ? allKinds & ~mask : mask
}

function testOf(condition: LogCondition): Test | null {
  const test = bareTestOf(condition)
  if (test === null) return null
  return condition.not ? (line) => !test(line) : test
}

function bareTestOf(condition: LogCondition): Test | null {
  if (condition.kind === 'text') {
    const wanted = folded(condition.text)
    return (line) => line.folded.includes(wanted)
  }
  if (condition.kind === 'regex') {
    const pattern = patternOf(condition.pattern)
    return (line) => pattern.test(line.text)
  }
  const { name, operator, value } = condition
  if (name === 'level' || name === 'kind') return null
  const holds = valueTest(operator, value)
  if (name === 'source') return (line) => holds(line.source)
  if (name === 'app') return (line) => holds(line.app)
  const may = fieldHint(name, operator, value)
  return (line) => may(line) && Object.hasOwn(line.fields, name) && holds(line.fields[name] ?? '')
}

/**
 * Whether a line may have a field of such a value, as far as is seen without taking it apart: in JSON and logfmt without
 * escapes and colours, names and values stand as they are.
 */
function fieldHint(name: string, operator: FieldOperator, value: string): Test {
  const last = name.slice(name.lastIndexOf('.') + 1)
  const parts = operator === '=' ? folded(value).split('*') : operator === '~' ? [folded(value)] : []
  // A place in a list is no word of the line.
  const inJson = /^\d*$/.test(last) ? '' : last
  return (line) => {
    const { text, format } = line
    const isJson = text.startsWith('{')
    // A line that wraps another may have fields of names that stand nowhere.
    if (format === 'docker-json' || (!isJson && format !== 'logfmt')) return true
    if (text.includes('\\') || text.includes('\u001b')) return true
    return text.includes(isJson ? inJson : name) && parts.every((part) => line.folded.includes(part))
  }
}

function patternOf(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (error instanceof RE2JSException) throw invalid(`/${pattern}/: ${messageOf(error)}`)
    throw error
  }
}

function valueTest(operator: FieldOperator, value: string): (value: string) => boolean {
  const wanted = folded(value)
  if (operator === '~') return (found) => folded(found).includes(wanted)
  if (operator === '=') return wanted.includes('*') ? starTest(wanted) : (found) => folded(found) === wanted
  const bound = Number(value)
  return (found) => found.trim() !== '' && compared(Number(found), operator, bound)
}

/** Each part stands behind the one before it: found by going through once. */
function starTest(wanted: string): (value: string) => boolean {
  const parts = wanted.split('*')
  const [first = '', last = ''] = [parts[0], parts.at(-1)]
  const between = parts.slice(1, -1)
  return (value) => {
    const found = folded(value)
    if (found.length < first.length + last.length || !found.startsWith(first) || !found.endsWith(last))
      return false
    let at = first.length
    for (const part of between) {
      const place = found.indexOf(part, at)
      if (place === -1) return false
      at = place + part.length
    }
    return at <= found.length - last.length
  }
}

function compared(found: number, operator: FieldOperator, bound: number): boolean {
  if (operator === '<') return found < bound
  if (operator === '<=') return found <= bound
  if (operator === '>') return found > bound
  if (operator === '>=') return found >= bound
  return found === bound
}

/** Whether the needle that is made of a text is all of it. */
const isExact = (text: string): boolean =>
  neededText(text) === text && needleOf(text).bytes.length === text.length

function neededOf(condition: LogCondition): string | null {
  if (condition.not) return null
  if (condition.kind === 'text') return neededText(condition.text)
  return condition.kind === 'regex' ? neededInPattern(condition.pattern) : null
}
