import type { LogKind, LogLevel } from '#contract/log-words.ts'
import type { Understanding } from './format/understand.ts'
import { LineHiding } from './hiding.ts'
import type { FollowedLine } from './intake/lines.ts'
import type { NewRecord } from './segments/log-store.ts'

/** Lines and bytes of one record. */
const mostLines = 1000
const mostBytes = 256 * 1024
/** A clock that runs ahead by more than this is none: its records would stand before all others for ever. */
const mostAheadMs = 24 * 60 * 60 * 1000

/** A record that may go on with the next line, as JSON keeps it. */
export interface HeldRecord extends Omit<NewRecord, 'bytes'> {
  /** Base64. */
  readonly bytes: string
  readonly lines: number
}

/** Makes records of the lines of one source. */
export class RecordBuilder {
  readonly #source: string
  readonly #kind: LogKind
  readonly #understanding: Understanding
  readonly #hiding: LineHiding
  readonly #now: () => number
  #open: Growing | null = null
  #lastLevel: LogLevel | null = null

  constructor(options: {
    readonly source: string
    readonly kind: LogKind
    readonly understanding: Understanding
    readonly forms: () => readonly string[]
    readonly now: () => number
    readonly held: HeldRecord | null
  }) {
    this.#source = options.source
    this.#kind = options.kind
    this.#understanding = options.understanding
    this.#hiding = new LineHiding(options.forms)
    this.#now = options.now
    const { held } = options
    if (held !== null)
      this.#open = { record: held, parts: [Buffer.from(held.bytes, 'base64')], bytes: 0, lines: held.lines }
  }

  /** What was begun and may go on; null when there is none. */
  get held(): HeldRecord | null {
    if (this.#open === null) return null
    const { record, parts, lines } = this.#open
    return { ...record, bytes: joined(parts).toString('base64'), lines }
  }

  /**
   * The records that these lines end. The last of them is among them too, unless more of it is to be expected: then it
   * is {@link held}.
   */
  add(lines: readonly FollowedLine[]): readonly NewRecord[] {
    const done: NewRecord[] = []
    const written = lines.map(({ bytes }) => bytes.toString('utf8'))
    const clean = this.#hiding.cleanAll(written)
    for (const [index, line] of lines.entries())
      this.#addLine(line, written[index] ?? '', clean[index] ?? '', done)
    if (this.#open !== null && !mayGoOn(this.#open)) done.push(...this.end())
    return done
  }

  /** Says something of the log itself, in it. */
  note(text: string): NewRecord {
    const bytes = Buffer.from(`[quantum-admin: ${text}]`)
    const [time, kind] = [this.#now(), this.#kind]
    const source = this.#source
    return {
      time,
      timeFrom: 'arrival',
      level: 'warn',
      kind,
      source,
      format: 'quantum-admin',
      messageAt: 0,
      bytes,
    }
  }

  /** The record that was held, when no more of it is to be expected. */
  end(): readonly NewRecord[] {
    if (this.#open === null) return []
    const { record, parts } = this.#open
    this.#open = null
    return [{ ...record, bytes: joined(parts) }]
  }

  #addLine({ bytes: raw, cut, at }: FollowedLine, written: string, text: string, done: NewRecord[]): void {
    const clean = text === written ? raw : Buffer.from(text)
    const bytes =
      cut === 0 ? clean : Buffer.concat([clean, Buffer.from(`[quantum-admin: ${cut} bytes more]`)])
    const { format, time, level, kind, messageAt, continues } = this.#understanding.understand(text)
    const open = this.#open
    if (continues && open !== null && open.lines < mostLines && open.bytes + bytes.length < mostBytes) {
      open.parts.push(bytes)
      // The first line of some formats does not say how grave it is.
      if (open.record.level === null && level !== null) open.record = { ...open.record, level }
      open.lines += 1
      open.bytes += bytes.length + 1
      return
    }
    done.push(...this.end())
    const now = at ?? this.#now()
    const isOwn = time !== null && time < now + mostAheadMs
    // What goes on with a record that was kept already is as grave as that.
    const itsLevel = level ?? (continues ? this.#lastLevel : null)
    this.#lastLevel = itsLevel
    const record = {
      time: isOwn ? Math.floor(time) : now,
      timeFrom: isOwn ? ('line' as const) : ('arrival' as const),
      level: itsLevel,
      // Whoever configured a kind knows better than the look of a line.
      kind: this.#kind === 'application' ? (kind ?? this.#kind) : this.#kind,
      source: this.#source,
      format,
      // Who asked stands in front of when.
      messageAt: kind === 'access' ? 0 : Math.min(messageAt, text.length),
    }
    this.#open = { record, parts: [bytes], bytes: bytes.length, lines: 1 }
  }
}

interface Growing {
  record: Omit<NewRecord, 'bytes'>
  readonly parts: Buffer[]
  bytes: number
  lines: number
}

const lineFeed = Buffer.from('\n')

const joined = (parts: readonly Buffer[]): Buffer =>
  parts.length === 1
    ? (parts[0] ?? Buffer.alloc(0))
    : Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [lineFeed, part])))

/** Whatever else is shown at once: most stack traces are written at once, below an error. */
const mayGoOn = ({ record: { level }, lines }: Growing): boolean =>
  lines > 1 || level === 'error' || level === 'fatal'
