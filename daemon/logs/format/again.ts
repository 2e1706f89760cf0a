import type { LogKind, LogLevel } from '#contract/log-words.ts'
import { statusIn } from './access.ts'
import type { Found } from './found.ts'
import { levelAt } from './level-at.ts'
import { isDashed } from './stamped.ts'
import type { Times } from './times.ts'
import { levelOf } from './words.ts'

// Most lines of a program are like the one before. What they say is found here without asking every reader; whatever might make
// a difference to a reader is left to them. A test holds both ways to the same answers.

/** The formats that `readColumns` in stamped.ts gives lines with a level behind an ISO time. */
const columned = new Set([
  'quantum',
  'timestamped',
  'python',
  'logback',
  'log4j',
  'tracing',
  'hclog',
  'winston-text',
  'zerolog',
  'serilog-text',
  'bracketed',
])
/** These are told apart by the dash behind the message's first word. */
const dashed = new Set(['quantum', 'timestamped'])

const isUpper = (code: number) => code >= 65 && code <= 90
const isLetter = (code: number) => isUpper(code) || (code >= 97 && code <= 122)
const isDigit = (code: number) => code >= 48 && code <= 57
/** What may begin a message and is no part of what stands before one, wherever that is. */
const beginsMessage = (code: number) => isLetter(code) || isDigit(code) || code === 34 || code === 47

/** What stood between the time and the message of a line, with what it said. */
class StampedHead {
  readonly #between: string
  readonly #format: string
  readonly #level: LogLevel | null
  /** The signs behind the date and behind the seconds. */
  readonly #behindDate: number
  readonly #behindSeconds: number
  readonly #isDashed: boolean

  private constructor(text: string, { format, level, messageAt }: Found, from: number, may: boolean) {
    // A string of its own: a part of another would keep all of that.
    this.#between = Buffer.from(text.slice(from, messageAt)).toString()
    this.#format = format
    this.#level = level
    this.#behindDate = text.charCodeAt(10)
    this.#behindSeconds = text.charCodeAt(19)
    this.#isDashed = may && dashed.has(format)
  }

  /** The head of a line that was read by `readStamped`; null when it is none whose like is told by its letters alone. */
  static of(text: string, found: Found, times: Times): StampedHead | null {
    if (!columned.has(found.format) || text.charCodeAt(4) !== 45 || found.level === null) return null
    if (Number.isNaN(times.iso(text, 0))) return null
    const from = times.end
    const level = levelAt(text, from)
    const first = text.charCodeAt(from + 1)
    if (level === null || text.charCodeAt(from) !== 32 || level.messageAt !== found.messageAt) return null
    if (!beginsMessage(text.charCodeAt(found.messageAt))) return null
    const may = level.sign === ' ' && level.passed.length === 0
    if (first === 91) return new StampedHead(text, found, from, may)
    // Behind a word that is no level a program's name is looked for, and behind one letter old MongoDB's.
    const space = text.indexOf(' ', from + 1)
    const isWord = space > from && space < found.messageAt && levelOf(text.slice(from + 1, space)) !== null
    return isWord && isUpper(first) && isLetter(text.charCodeAt(from + 2))
      ? new StampedHead(text, found, from, may)
      : null
  }

  isLike(other: StampedHead): boolean {
    return (
      this.#between === other.#between &&
      this.#behindDate === other.#behindDate &&
      this.#behindSeconds === other.#behindSeconds
    )
  }

  /** What a line says that has the same head but for its time, which ends at `from`; null for any other. */
  read(text: string, from: number, time: number | null): Found | null {
    if (text.charCodeAt(4) !== 45 || text.charCodeAt(10) !== this.#behindDate) return null
    if (text.charCodeAt(19) !== this.#behindSeconds) return null
    if (!text.startsWith(this.#between, from)) return null
    const messageAt = from + this.#between.length
    if (!beginsMessage(text.charCodeAt(messageAt))) return null
    // PostgreSQL's and Spring's lines are told by what stands further behind.
    if (text.includes(':', from) && text.includes(':  ', from)) return null
    if (text.includes('-', from) && text.includes(' --- ', from)) return null
    const kind: LogKind | null = statusIn(text, messageAt) > 0 ? 'access' : null
    const format = this.#isDashed ? (isDashed(text, messageAt) ? 'quantum' : 'timestamped') : this.#format
    return { format, time, level: this.#level, kind, messageAt }
  }
}

/** So many heads are held against each line. */
const mostHeads = 8
/** When so many lines in a row had a head of their own, the source is one whose heads are never alike. */
const mostMisses = 200

/** The heads that the lines of a source had last. */
export class StampedHeads {
  readonly #heads: StampedHead[] = []
  #misses = 0

  /** Remembers a line that was read by `readStamped`. */
  add(text: string, found: Found, times: Times): void {
    if (this.#misses >= mostMisses) return
    this.#misses++
    const head = StampedHead.of(text, found, times)
    if (head === null || this.#heads.some((known) => known.isLike(head))) return
    this.#heads.unshift(head)
    if (this.#heads.length > mostHeads) this.#heads.pop()
  }

  /** What a line says that has one of these heads; null for any other. */
  read(text: string, times: Times): Found | null {
    if (this.#heads.length === 0 || this.#misses >= mostMisses) return null
    const iso = times.iso(text, 0)
    if (Number.isNaN(iso)) return null
    const from = times.end
    const time = times.sane(iso)
    for (const head of this.#heads) {
      const found = head.read(text, from, time)
      if (found === null) continue
      this.#misses = 0
      return found
    }
    return null
  }
}

/** What lines without a colon, a bracket or an equals sign begin with that say something all the same. */
const telling =
  /^(?:at |PHP |created by|During handling|The above|Started |npm |thread '|Exception in|Un|webpack |compiled )/

const plain: Found = { format: 'plain', time: null, level: null, kind: null, messageAt: 0 }

/** A line of words, behind another that said nothing either; null for one that may say something. */
export function readWords(text: string): Found | null {
  const [second, fourth] = [text.charCodeAt(1), text.charCodeAt(3)]
  if (!isLetter(text.charCodeAt(0)) || isUpper(second) || isDigit(second) || second === 44) return null
  if (fourth === 32 || fourth === 44 || text.includes(':') || text.includes('=') || text.includes('['))
    return null
  const dash = text.indexOf(' - ')
  if ((dash >= 0 && dash < 20) || telling.test(text)) return null
  // A single word may be the name of an exception.
  if (!text.includes(' ') && text.includes('.')) return null
  return statusIn(text, 0) > 0 ? null : plain
}
