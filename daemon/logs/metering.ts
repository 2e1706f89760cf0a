import { setImmediate as nextTurn } from 'node:timers/promises'
import { Aggregate } from '#base/aggregate.ts'
import { beginOf, levelAt, metricLevels } from '#base/metric-levels.ts'
import { logKinds } from '#contract/log-words.ts'
import { requestFacts } from './request-facts.ts'
import { framesIn, kindPlace, type FrameView, type KeptRecord } from './segments/frame.ts'
import type { PlacedBlock } from './segments/log-stream.ts'

/** Requests of an app in one stretch of time, by what lines of servers say. */
export interface RequestCount {
  readonly app: string
  /** Of base/metric-levels.ts: what is long ago is counted in longer stretches. */
  readonly level: number
  /** Where the stretch begins, in milliseconds since the epoch. */
  readonly at: number
  readonly requests: number
  /** Answers of 200 to 299, and so on up to 599. */
  readonly classes: readonly [number, number, number, number]
  /** Whole microseconds; without values where lines do not say how long they took. */
  readonly latency: LatencyCount
}

/** An {@link Aggregate} as it goes from one thread to another. */
export interface LatencyCount {
  readonly weight: number
  readonly sum: number
  readonly least: number
  readonly most: number
  readonly buckets: readonly (readonly [number, number])[]
}

/** What was counted of all records after one number, up to another. */
export interface RequestCounts {
  readonly through: number
  readonly counts: readonly RequestCount[]
}

interface Counting {
  readonly app: string
  readonly level: number
  readonly at: number
  requests: number
  readonly classes: [number, number, number, number]
  readonly latency: Aggregate
}

/** What the meter needs of where records are kept. */
export interface MeteredRecords {
  readonly next: number
  blocks(apps: undefined): Iterable<PlacedBlock>
}

const access = logKinds.indexOf('access')
/** No request takes longer than what is counted of it. */
const longestMs = 7 * 24 * 60 * 60 * 1000
const pinoTime = Buffer.from('"responseTime":')

/**
 * Counts requests as their lines are kept, each once. Who asks says up to which record it has the counts: what it lacks
 * because a crash took it away is counted again from what is kept, and nothing else ever is.
 */
export class RequestMeter {
  readonly #now: () => number
  /** Counts of the records after `#from`, up to `#told`: what was answered last, which may not have arrived. */
  #answered = new Map<string, Counting>()
  /** Counts of the records after `#told`. */
  #open = new Map<string, Counting>()
  #from: number
  #told: number
  #last: { readonly into: Map<string, Counting>; readonly counting: Counting; readonly end: number } | null =
    null
  /** Who asks twice is answered one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  /** @param next - the number that the next record will be given. */
  constructor(next: number, now: () => number) {
    this.#now = now
    this.#from = next - 1
    this.#told = next - 1
  }

  /** Counts records that have just been kept. */
  count(app: string, frame: FrameView): void {
    this.#frame(this.#open, app, frame, 0, Number.POSITIVE_INFINITY)
  }

  /**
   * What was counted of the records after one number.
   * @param after - up to where whoever asks has the counts; 0 for who has none.
   */
  since(after: number, records: MeteredRecords): Promise<RequestCounts> {
    const done = this.#turn.then(() => this.#since(after, records))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #since(after: number, records: MeteredRecords): Promise<RequestCounts> {
    const last = records.next - 1
    const [open, told] = [this.#open, this.#told]
    // What comes meanwhile is told of next time.
    ;[this.#open, this.#told] = [new Map(), last]
    if (after >= told) {
      // Numbers begin anew where logs were removed: then none that was counted before is among them.
      this.#from = told
      this.#answered = open
    } else if (after === this.#from) {
      for (const counting of open.values()) join(this.#answered, counting)
    } else {
      this.#from = after
      this.#answered = new Map()
      await this.#again(records, after, last)
    }
    return { through: last, counts: [...this.#answered.values()].map(countOf) }
  }

  /** Counts the kept records after one number, up to another, once more. */
  async #again(records: MeteredRecords, after: number, upTo: number): Promise<void> {
    for (const { app, segment, facts } of records.blocks(undefined)) {
      if (facts.lastSequence <= after || facts.firstSequence > upTo) continue
      const bytes = segment.read(facts, (length) => Buffer.allocUnsafeSlow(length))
      for (const frame of bytes === null ? [] : framesIn(bytes))
        this.#frame(this.#answered, app, frame, after, upTo)
      // Reading and searching go on between the blocks.
      await nextTurn()
    }
  }

  #frame(into: Map<string, Counting>, app: string, frame: FrameView, after: number, upTo: number): void {
    for (let row = 0; row < frame.count; row++) {
      const sequence = frame.sequence(row)
      if (sequence <= after || sequence > upTo) continue
      if (kindPlace(frame.flags(row)) !== access && frame.format(row) !== 'pino') continue
      const record = frame.record(row)
      if (isRequest(record)) this.#take(into, app, record)
    }
  }

  #take(into: Map<string, Counting>, app: string, { bytes, format, time }: KeptRecord): void {
    const facts = requestFacts(firstLine(bytes), format)
    const counting = facts === null ? null : this.#countingOf(into, app, time)
    if (facts === null || counting === null) return
    counting.requests++
    const place = Math.floor(facts.status / 100) - 2
    if (place >= 0) counting.classes[place] = (counting.classes[place] ?? 0) + 1
    if (facts.durationMs !== null && facts.durationMs <= longestMs)
      counting.latency.add(Math.round(facts.durationMs * 1000))
  }

  /** What a request of a time is counted in; null for one that is too long ago. Most are of that of the one before. */
  #countingOf(into: Map<string, Counting>, app: string, time: number): Counting | null {
    const last = this.#last
    if (last?.into === into && last.counting.app === app && time >= last.counting.at && time < last.end)
      return last.counting
    const level = levelAt(time, this.#now())
    if (level === null) return null
    const at = beginOf(level, time)
    const key = `${level} ${at} ${app}`
    const counting = into.get(key) ?? nothing(app, level, at)
    into.set(key, counting)
    this.#last = { into, counting, end: at + (metricLevels[level]?.stepMs ?? 0) }
    return counting
  }
}

const nothing = (app: string, level: number, at: number): Counting => ({
  app,
  level,
  at,
  requests: 0,
  classes: [0, 0, 0, 0],
  latency: new Aggregate(true),
})

function join(into: Map<string, Counting>, one: Counting): void {
  const key = `${one.level} ${one.at} ${one.app}`
  const other = into.get(key)
  if (other === undefined) return void into.set(key, one)
  other.requests += one.requests
  one.classes.forEach((count, place) => (other.classes[place] = (other.classes[place] ?? 0) + count))
  other.latency.merge(one.latency)
}

const countOf = ({ latency, classes, ...rest }: Counting): RequestCount => ({
  ...rest,
  classes: [...classes],
  latency: {
    weight: latency.weight,
    sum: latency.sum,
    least: latency.least,
    most: latency.most,
    buckets: [...(latency.buckets ?? [])],
  },
})

/** pino-http writes requests among everything else that a program says. */
const isRequest = ({ kind, format, bytes }: KeptRecord): boolean =>
  kind === 'access' || (format === 'pino' && bytes.includes(pinoTime))

/** What a server says of a request is one line. */
function firstLine(bytes: Buffer): string {
  const end = bytes.indexOf(0x0a)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}
