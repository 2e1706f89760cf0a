import type { LogKind, LogLevel } from '#contract/log-words.ts'
import { readClf, readHaproxy, readRequest, statusIn } from './access.ts'
import { readBracketed } from './bracketed.ts'
import { placeInColour, withoutColour } from './colour.ts'
import { readMysqlSlow, readPostgres, readRedis } from './databases.ts'
import { afterSpaces, levelOfStatus, type Found, type Reader } from './found.ts'
import { Joining } from './joining.ts'
import { innerOfDocker, readJson } from './json-lines.ts'
import type { MemberPlaces } from './json-scan.ts'
import { readLogfmt } from './logfmt.ts'
import { readPlain } from './plain.ts'
import { readEpoch, readTimeOnly } from './short-times.ts'
import { readStamped } from './stamped.ts'
import { readBsd, readPriority } from './syslog.ts'
import { Times } from './times.ts'
import {
  readDotnet,
  readErlang,
  readGlog,
  readJul,
  readLevelFirst,
  readNpm,
  readPhp,
  readRuby,
} from './worded.ts'
import { levelOf } from './words.ts'
import { readWords, StampedHeads } from './again.ts'

/** What a line says of itself. */
export interface Understood {
  /** The format's name, such as `pino` or `postgresql`; `plain` for none. */
  readonly format: string
  /** Milliseconds since the epoch. Null when the line does not say, also when it names an hour without a day. */
  readonly time: number | null
  readonly level: LogLevel | null
  /** Only where the format tells. */
  readonly kind: LogKind | null
  /** The UTF-16 unit at which the message begins, behind a time and a level. */
  readonly messageAt: number
  /** Whether it belongs to the record before. It may tell what the record's first line did not, such as the level. */
  readonly continues: boolean
}

/** No format has its head further behind. */
const headLength = 2048
/** A line in a line in a line is the most that is looked into. */
const deepest = 2

/** Understands the lines of one source, one after the other. */
export class Understanding {
  readonly #times: Times
  readonly #now: () => number
  readonly #depth: number
  readonly #joining = new Joining()
  #inner: Understanding | null = null
  #unfinished = false
  /** The reader that fitted last. */
  #fitted: Reader | null = null

  readonly #heads = new StampedHeads()
  #members: MemberPlaces | null = null
  readonly #remembers: boolean

  /**
   * @param options - `now` tells the years that lines leave out, and which times cannot be. `remembers: false` asks every
   * reader about every line.
   */
  constructor(options: { readonly now?: () => number; readonly remembers?: boolean } = {}, depth = 0) {
    this.#remembers = options.remembers ?? true
    this.#now = options.now ?? Date.now
    this.#times = new Times(this.#now)
    this.#depth = depth
  }

  /**
   * @param line - without its end; of any length.
   * @param members - where its members stand, when it is an object and that is known.
   */
  understand(line: string, members: MemberPlaces | null = null): Understood {
    const again = this.#remembers ? this.#again(line) : null
    if (again !== null) return again
    const json = line.charCodeAt(0) === 123
    const cut = json || line.length <= headLength ? line : line.slice(0, headLength)
    const plain = withoutColour(cut)
    const text = plain.endsWith('\r') ? plain.slice(0, -1) : plain
    this.#members = text === line ? members : null
    const found = this.#read(text)
    const place = plain.length === cut.length ? found.messageAt : placeInColour(cut, found.messageAt)
    const { format, time, level, kind, continues = false } = found
    return { format, time, level, kind, messageAt: Math.min(place, line.length), continues }
  }

  /** What a line says that is like the one before; null when it has to be looked at closer. */
  #again(line: string): Understood | null {
    const first = line.charCodeAt(0)
    const isStamped = first >= 48 && first <= 57
    const found =
      isStamped && this.#fitted === readStamped
        ? this.#heads.read(line, this.#times)
        : !isStamped && this.#joining.isPlain
          ? readWords(line)
          : null
    if (found === null || line.length > headLength || line.includes('\u001b') || line.endsWith('\r'))
      return null
    this.#unfinished = isStamped ? false : this.#unfinished
    this.#joining.begin(found, line)
    const { format, time, level, kind, messageAt } = found
    return { format, time, level, kind, messageAt, continues: false }
  }

  #read(text: string): Found {
    const start = afterSpaces(text, 0)
    if (start >= text.length)
      return this.#joining.blank() ? this.#continued() : this.#begin(readPlain(''), '')
    if (start > 0) {
      const badge = indentedHead(text, start)
      if (badge !== null) return this.#begin(badge, text)
      return this.#joining.last === null ? this.#begin(readPlain(text), text) : this.#continued()
    }
    const word = this.#joining.secondOfJul(text)
    if (word !== null) return this.#withLevel(levelOf(word), word.length + 2)
    const found = this.#headOf(text)
    if (found !== null) return this.#take(found, text)
    if (this.#joining.joins(text)) return this.#withLevel(this.#joining.told, 0)
    return this.#begin(readRequest(text) ?? readPlain(text), text)
  }

  #withLevel(level: LogLevel | null, messageAt: number): Found {
    this.#joining.tell(level)
    return { ...this.#continued(), level, messageAt }
  }

  /** A line that has nothing of its own to say. */
  #continued(): Found {
    const last = this.#joining.last
    const [format, kind] = [last?.format ?? 'plain', last?.kind ?? null]
    return { format, time: null, level: null, kind, messageAt: 0, continues: true }
  }

  #begin(found: Found, text: string): Found {
    this.#joining.begin(found, text)
    return found
  }

  #headOf(text: string): Found | null {
    if (text.charCodeAt(0) === 123) return readJson(text, this.#times, this.#members)
    const readers = readersOf(text.charCodeAt(0))
    const known = this.#joining.last?.format ?? ''
    const fitted = this.#fitted
    if (fitted !== null && readers.includes(fitted)) {
      const found = fitted(text, this.#times, known)
      if (found !== null) return this.#known(fitted, found, text)
    }
    for (const reader of readers) {
      const found = reader === fitted ? null : reader(text, this.#times, known)
      if (found === null) continue
      this.#fitted = reader
      return this.#known(reader, found, text)
    }
    return null
  }

  #known(reader: Reader, found: Found, text: string): Found {
    if (reader === readStamped && this.#remembers) this.#heads.add(text, found, this.#times)
    return found
  }

  #take(found: Found, text: string): Found {
    const whole = found.wraps === true ? this.#unwrapped(found, text) : found
    const goesOn = this.#unfinished && found.format === 'cri'
    this.#unfinished = found.unfinished === true
    const continues = (whole.continues === true || goesOn) && this.#joining.last !== null
    if (!continues)
      return this.#begin(whole.continues === true ? { ...whole, continues: false } : whole, text)
    this.#joining.tell(whole.level)
    return { ...whole, continues }
  }

  /** What a line says that stands in another. The inner time is the program's own; the outer is when it was heard. */
  #unwrapped(found: Found, text: string): Found {
    if (this.#depth >= deepest) return found
    const docker = found.format === 'docker-json' ? innerOfDocker(text) : null
    // What a container writes is told as it is; others put spaces of their own before a message.
    const exact = found.format === 'cri' || docker !== null
    const at = exact ? found.messageAt : messageOf(text, found.messageAt)
    this.#inner ??= new Understanding({ now: this.#now, remembers: this.#remembers }, this.#depth + 1)
    const inner = this.#inner.understand(docker ?? text.slice(at))
    return {
      format: found.format,
      time: inner.time ?? found.time,
      level: found.level ?? inner.level,
      kind: found.kind ?? inner.kind,
      messageAt: docker === null ? afterSpaces(text, at + inner.messageAt) : 0,
      continues: inner.continues,
      unfinished: found.unfinished === true,
    }
  }
}

/** Where a message begins behind a time, with the indentation of a stack trace's line. */
function messageOf(text: string, at: number): number {
  const start = afterSpaces(text, at)
  const traced = start - at > 1 && /^(?:at |File "|\.\.\. )/.test(text.slice(start, start + 6))
  return traced ? at + 1 : start
}

const badge = /^ {1,8}(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)(?: {1,8}|: )\S/
/** Next.js: what its signs mean. */
const signs: Readonly<Record<string, LogLevel | null>> = {
  '✓': 'info',
  '○': 'info',
  '⚠': 'warn',
  '⨯': 'error',
}

/** A head that is indented: a level in capitals as a column of its own, and Next.js' lines. */
function indentedHead(text: string, start: number): Found | null {
  if (badge.test(text)) {
    const found = readPlain(text.slice(start))
    const messageAt = found.messageAt + start
    return { ...found, messageAt, kind: statusIn(text, messageAt) > 0 ? 'access' : null }
  }
  if (start !== 1 || text.charCodeAt(0) !== 32) return null
  const level = signs[text.charAt(1)]
  if (level !== undefined)
    return { format: 'nextjs', time: null, level, kind: null, messageAt: afterSpaces(text, 2) }
  const status = statusIn(text, 1)
  if (status === 0) return null
  return { format: 'nextjs', time: null, level: levelOfStatus(status), kind: 'access', messageAt: 1 }
}

/** PostgreSQL's lines without a time. */
const readBare: Reader = (text, _times, known) => readPostgres(text, 0, null, known === 'postgresql')

/** `< 2026-11-22 19:30:33.123 UTC >LOG:  ...` of PostgreSQL's packages, behind what syslog may be. */
const readAngle: Reader = (text, times, known) => {
  const time = times.iso(text, text.charCodeAt(1) === 32 ? 2 : 1)
  return Number.isNaN(time) ? null : readPostgres(text, times.end, times.sane(time), known === 'postgresql')
}

const readMonthFirst: Reader = (text, times) => {
  if (text.charCodeAt(3) !== 32 && text.charCodeAt(3) !== 44) return null
  const week = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? /.test(text.slice(0, 5))
  return readBsd(text, week ? text.indexOf(' ') + 1 : 0, times)
}

const digits: readonly Reader[] = [readStamped, readClf, readRedis, readHaproxy, readTimeOnly, readEpoch]
const brackets: readonly Reader[] = [readBracketed]
const angles: readonly Reader[] = [readPriority, readAngle]
const letters: readonly Reader[] = [
  readMonthFirst,
  readLevelFirst,
  readGlog,
  readRuby,
  readNpm,
  readDotnet,
  readPhp,
  readClf,
  readBare,
  readLogfmt,
]
/** java.util.logging's time is told before syslog's, which begins alike. */
const capitals: readonly Reader[] = [readJul, ...letters]
const numbers: readonly Reader[] = [readMysqlSlow]
const equals: readonly Reader[] = [readErlang]
const others: readonly Reader[] = [readClf]

/** The readers whose formats may begin with a letter. */
function readersOf(first: number): readonly Reader[] {
  if (first >= 48 && first <= 57) return digits
  if (first === 91) return brackets
  if (first >= 65 && first <= 90) return capitals
  if ((first >= 97 && first <= 122) || first === 95) return letters
  if (first === 60) return angles
  if (first === 35) return numbers
  return first === 61 ? equals : others
}
