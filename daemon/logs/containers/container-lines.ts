import { longestLine, type WrittenLines } from '../intake/lines.ts'
import { counted, placeOf, type ContainerPlace, type Runs } from './container-place.ts'
import { partBytes, type EngineMessage } from './engine-messages.ts'

/** A line whose end has not come. */
interface Begun {
  readonly at: number | undefined
  readonly time: string
  readonly parts: readonly Buffer[]
  readonly size: number
  readonly cut: number
  /** Of its last part. */
  readonly partSize: number
}

/** How far the log of a container was read, and what of its lines had come by then. */
export interface ReadState {
  readonly place: ContainerPlace | null
  readonly runs: Runs
  readonly begun: Readonly<Record<number, Begun>>
}

export const nothingRead: ReadState = { place: null, runs: {}, begun: {} }

interface ContainerLine {
  readonly bytes: Buffer
  readonly cut: number
  readonly at: number | undefined
}

/** Lines of one stream that came one after the other. */
export interface StreamLines {
  readonly stream: number
  readonly lines: ContainerLine[]
}

/** Makes lines of messages. What was read is kept at ends of lines only: from there it is read again. */
export class ContainerLines {
  #state: ReadState
  #kept: ReadState
  #last: EngineMessage | null = null

  constructor(kept: ReadState) {
    this.#state = kept
    this.#kept = kept
  }

  /** How far lines were given out. */
  get kept(): ReadState {
    return this.#kept
  }

  /** Whether all of these were read, for what can be told from the last. */
  has(messages: readonly EngineMessage[]): boolean {
    const last = messages.at(-1)
    return last === undefined || last.time < (this.#kept.runs[last.stream]?.time ?? '')
  }

  /** Whether a line has begun whose end is to come. */
  get hasBegun(): boolean {
    return Object.keys(this.#state.begun).length > 0
  }

  /** Goes on from {@link kept}. */
  again(): void {
    this.#state = this.#kept
    this.#last = null
  }

  /** Forgets the place, which is nowhere any more. */
  lose(): void {
    this.#kept = { ...this.#kept, place: null }
    this.again()
  }

  push(messages: readonly EngineMessage[]): readonly StreamLines[] {
    const into: StreamLines[] = []
    for (const message of messages) this.#push(message, into)
    this.#place()
    return into
  }

  /** Nothing more will come of any line. */
  end(): readonly StreamLines[] {
    const into: StreamLines[] = []
    const streams = Object.keys(this.#state.begun).map(Number)
    for (const stream of streams) this.#end(stream, into)
    this.#place()
    return into
  }

  /** What was given out last is told from others only once it is asked for. */
  #lastGiven: { readonly message: EngineMessage; readonly runs: Runs } | null = null

  #push(message: EngineMessage, into: StreamLines[]): void {
    const { stream, time } = message
    const begun = this.#state.begun[stream]
    // Whoever wrote it had ended: what comes now is of another start of the container.
    if (begun !== undefined && begun.time !== time && begun.partSize < partBytes) this.#end(stream, into)
    const before = this.#state.begun[stream] ?? null
    this.#state = { ...this.#state, runs: counted(this.#state.runs, message) }
    this.#last = message
    if (message.ends && before === null) {
      give(into, stream, linesOf(message.bytes, 0, timeAt(time)))
      this.#give()
      return
    }
    const grown = withPart(before, message)
    this.#state = { ...this.#state, begun: { ...this.#state.begun, [stream]: grown } }
    if (message.ends) this.#end(stream, into)
  }

  #end(stream: number, into: StreamLines[]): void {
    const { [stream]: begun, ...others } = this.#state.begun
    if (begun === undefined) return
    give(into, stream, linesOf(Buffer.concat(begun.parts), begun.cut, begun.at))
    this.#state = { ...this.#state, begun: others }
    this.#give()
  }

  #give(): void {
    const { runs } = this.#state
    if (this.#last !== null) this.#lastGiven = { message: this.#last, runs }
    this.#kept = this.#state
  }

  #place(): void {
    if (this.#lastGiven === null) return
    const place = placeOf(this.#lastGiven.message, this.#lastGiven.runs)
    this.#lastGiven = null
    this.#kept = { ...this.#kept, place }
    this.#state = { ...this.#state, place }
  }
}

function give(into: StreamLines[], stream: number, lines: readonly ContainerLine[]): void {
  const last = into.at(-1)
  if (last?.stream === stream) last.lines.push(...lines)
  else into.push({ stream, lines: [...lines] })
}

function withPart(begun: Begun | null, { time, bytes }: EngineMessage): Begun {
  const { at, parts, size, cut } = begun ?? { at: timeAt(time), parts: [], size: 0, cut: 0 }
  const taken = bytes.subarray(0, Math.max(0, longestLine - size))
  return {
    at,
    time: begun?.time ?? time,
    // A copy: the rest of what came with it is let go.
    parts: taken.length === 0 ? parts : [...parts, Buffer.from(taken)],
    size: size + taken.length,
    cut: cut + bytes.length - taken.length,
    partSize: bytes.length,
  }
}

const cr = 13

/** What a carriage return ends is a line, as in files; those before the end belong to it. */
function linesOf(bytes: Buffer, cut: number, at: number | undefined): readonly ContainerLine[] {
  // The end of one that was cut is not there.
  if (cut > 0) return [{ bytes, cut, at }]
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === cr) end--
  const lines: ContainerLine[] = []
  let from = 0
  for (let to = bytes.indexOf(cr); to !== -1 && to < end; to = bytes.indexOf(cr, from)) {
    lines.push({ bytes: bytes.subarray(from, to), cut: 0, at })
    from = to + 1
  }
  lines.push({ bytes: bytes.subarray(from, end), cut: 0, at })
  return lines
}

/** The lines as they are looked at, many at once; one that was cut is the last of its block. */
export function* blocksOf({ lines }: StreamLines): Generator<WrittenLines> {
  for (let first = 0; first < lines.length;) {
    const wasCut = lines.findIndex(({ cut }, line) => line >= first && cut > 0)
    const next = wasCut === -1 ? lines.length : wasCut + 1
    yield blockOf(lines.slice(first, next))
    first = next
  }
}

const lineEnd = Buffer.from('\n')

function blockOf(lines: readonly ContainerLine[]): WrittenLines {
  const bytes = Buffer.concat(lines.flatMap((line) => [line.bytes, lineEnd]))
  const from = new Uint32Array(lines.length)
  const to = new Uint32Array(lines.length)
  const at = new Float64Array(lines.length)
  let next = 0
  for (const [row, line] of lines.entries()) {
    from[row] = next
    to[row] = next + line.bytes.length
    at[row] = line.at ?? Number.NaN
    next += line.bytes.length + 1
  }
  return { bytes, from, to, tight: true, cut: lines.at(-1)?.cut ?? 0, at }
}

/** Milliseconds since the epoch. */
function timeAt(time: string): number | undefined {
  const at = Date.parse(time)
  return Number.isNaN(at) ? undefined : at
}

/** A {@link ReadState} as JSON. */
export interface KeptState {
  readonly place: ContainerPlace | null
  readonly runs: Runs
  readonly begun: Readonly<Record<number, Omit<Begun, 'parts'> & { readonly text: string }>>
}

export const toKept = ({ place, runs, begun }: ReadState): KeptState => ({
  place,
  runs,
  begun: Object.fromEntries(
    Object.entries(begun).map(([stream, { parts, ...one }]) => [
      stream,
      { ...one, text: Buffer.concat(parts).toString('base64') },
    ]),
  ),
})

export const fromKept = ({ place, runs, begun }: KeptState): ReadState => ({
  place,
  runs,
  begun: Object.fromEntries(
    Object.entries(begun).map(([stream, { text, ...one }]) => [
      stream,
      { ...one, parts: [Buffer.from(text, 'base64')] },
    ]),
  ),
})
