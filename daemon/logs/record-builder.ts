import type { LogKind, LogLevel } from '#contract/log-words.ts'
import type { Understanding, Understood } from './format/understand.ts'
import { LineHiding } from './hiding.ts'
import type { WrittenLines } from './intake/lines.ts'
import { wideSign, type LineSieve } from './scan/line-sieve.ts'
import { flagsOf } from './segments/frame.ts'
import { RecordBatch, type RecordHead } from './segments/record-batch.ts'

/** Lines and bytes of one record. */
const mostLines = 1000
const mostBytes = 256 * 1024
/** A clock that runs ahead by more than this is none: its records would stand before all others for ever. */
const mostAheadMs = 24 * 60 * 60 * 1000

/** A record that may go on with the next line, as JSON keeps it. */
export interface HeldRecord extends RecordHead {
  /** Base64. */
  readonly bytes: string
  readonly lines: number
}

interface Held {
  readonly head: RecordHead
  readonly bytes: Buffer
  readonly lines: number
}

/** Makes records of the lines of one source. */
export class RecordBuilder {
  readonly #source: string
  readonly #kind: LogKind
  readonly #understanding: Understanding
  readonly #hiding: LineHiding
  readonly #now: () => number
  #held: Held | null = null
  /** Of the last record of a batch that is being made: whether lines may go on with it, and what it is made of. */
  #isOpen = false
  #lines = 0
  #bytes = 0
  #lastLevel: LogLevel | null = null

  constructor(options: {
    readonly source: string
    readonly kind: LogKind
    readonly understanding: Understanding
    readonly sieve: LineSieve
    readonly now: () => number
    readonly held: HeldRecord | null
  }) {
    this.#source = options.source
    this.#kind = options.kind
    this.#understanding = options.understanding
    this.#hiding = new LineHiding(options.sieve)
    this.#now = options.now
    if (options.held === null) return
    const { bytes, lines, ...head } = options.held
    this.#held = { head, bytes: Buffer.from(bytes, 'base64'), lines }
  }

  /** What was begun and may go on; null when there is none. */
  get held(): HeldRecord | null {
    if (this.#held === null) return null
    const { head, bytes, lines } = this.#held
    return { ...head, bytes: bytes.toString('base64'), lines }
  }

  /**
   * The records that these lines end. The last of them is among them too, unless more of it is to be expected: then it
   * is {@link held}.
   * @param notes - what is to be said of the log itself, in it, before them.
   */
  add(blocks: readonly WrittenLines[], notes: readonly string[] = []): RecordBatch {
    const lines = blocks.reduce((sum, { to }) => sum + to.length, 0)
    const batch = new RecordBatch(notes.length + 1 + lines)
    for (const note of notes) batch.add(this.#noteHead(), Buffer.from(`[quantum-admin: ${note}]`))
    this.#goOn(batch)
    for (const block of blocks) this.#addBlock(block, batch)
    if (this.#isOpen && this.#mayGoOn(batch)) this.#hold(batch)
    this.#isOpen = false
    return batch
  }

  /** The record that was held, when no more of it is to be expected. */
  end(): RecordBatch {
    const batch = new RecordBatch(1)
    this.#goOn(batch)
    this.#isOpen = false
    return batch
  }

  #noteHead(): RecordHead {
    const [time, kind, source] = [this.#now(), this.#kind, this.#source]
    return { time, timeFrom: 'arrival', level: 'warn', kind, source, format: 'quantum-admin', messageAt: 0 }
  }

  #addBlock(block: WrittenLines, batch: RecordBatch): void {
    const { bytes, from, to, tight, cut, at } = block
    const signs = this.#hiding.signsOf(block)
    const text = new AsciiText(bytes)
    for (let line = 0; line < to.length; line++) {
      const [begin, end, sign] = [from[line] ?? 0, to[line] ?? 0, signs[line] ?? 0]
      const isWide = (sign & wideSign) !== 0
      const written = isWide ? bytes.toString('utf8', begin, end) : text.part(begin, end)
      const now = at?.[line] ?? Number.NaN
      const clean = this.#hiding.isSuspect(sign) ? this.#hiding.clean(written) : written
      const dropped = line === to.length - 1 ? cut : 0
      if (clean === written && dropped === 0) {
        const members = isWide ? null : this.#hiding.membersOf(block, begin, end)
        this.#begin(batch, this.#understanding.understand(written, members), written.length, end - begin, now)
        if (tight) batch.writeFrom(bytes, begin, end)
        else batch.write(bytes.subarray(begin, end))
        continue
      }
      const own = clean === written ? bytes.subarray(begin, end) : Buffer.from(clean)
      const whole =
        dropped === 0 ? own : Buffer.concat([own, Buffer.from(`[quantum-admin: ${dropped} bytes more]`)])
      this.#begin(batch, this.#understanding.understand(clean), clean.length, whole.length, now)
      batch.write(whole)
    }
  }

  /**
   * Begins a record with a line, or goes on with the last.
   * @param units - of its text.
   * @param written - when, where that is known; else NaN.
   */
  #begin(batch: RecordBatch, understood: Understood, units: number, bytes: number, written: number): void {
    const { format, time, level, kind, messageAt, continues } = understood
    if (continues && this.#isOpen && this.#lines < mostLines && this.#bytes + bytes < mostBytes) {
      // The first line of some formats does not say how grave it is.
      if (level !== null) batch.tellLevel(level)
      this.#lines += 1
      this.#bytes += bytes + 1
      return
    }
    const now = Number.isNaN(written) ? this.#now() : written
    const isOwn = time !== null && time < now + mostAheadMs
    // What goes on with a record that was kept already is as grave as that.
    const itsLevel = level ?? (continues ? this.#lastLevel : null)
    this.#lastLevel = itsLevel
    // Whoever configured a kind knows better than the look of a line.
    const itsKind = this.#kind === 'application' ? (kind ?? this.#kind) : this.#kind
    const flags = flagsOf(itsLevel, itsKind, isOwn ? 'line' : 'arrival')
    // Who asked stands in front of when.
    const at = kind === 'access' ? 0 : Math.min(messageAt, units)
    batch.begin(
      isOwn ? Math.floor(time) : now,
      at,
      flags,
      batch.sources.of(this.#source),
      batch.formats.of(format),
    )
    this.#isOpen = true
    this.#lines = 1
    this.#bytes = bytes
  }

  /** Puts what was held at the end of a batch, where lines may go on with it. */
  #goOn(batch: RecordBatch): void {
    if (this.#held === null) return
    const { head, bytes, lines } = this.#held
    batch.add(head, bytes)
    this.#held = null
    this.#isOpen = true
    this.#lines = lines
    this.#bytes = bytes.length
  }

  /** Takes the last record of a batch back, for lines that may go on with it. */
  #hold(batch: RecordBatch): void {
    const head = batch.lastHead()
    this.#held = { head, bytes: batch.takeLast(), lines: this.#lines }
  }

  /** Whatever else is shown at once: most stack traces are written at once, below an error. */
  #mayGoOn(batch: RecordBatch): boolean {
    const level = batch.lastLevel
    return this.#lines > 1 || level === 'error' || level === 'fatal'
  }
}

/** A text of so many bytes is made where short-lived ones are; a longer one costs ten times as much for each byte. */
const textBytes = 32 * 1024

/** One text for many lines of ASCII, of which each is a part, costs far less than a text for each. */
class AsciiText {
  readonly #bytes: Buffer
  #text = ''
  #from = 0
  #to = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Parts are asked for in order. */
  part(from: number, to: number): string {
    if (to > this.#to || from < this.#from) {
      this.#from = from
      this.#to = Math.max(to, Math.min(from + textBytes, this.#bytes.length))
      this.#text = this.#bytes.toString('latin1', from, this.#to)
    }
    return this.#text.slice(from - this.#from, to - this.#from)
  }
}
