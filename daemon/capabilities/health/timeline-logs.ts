import type { LogLine } from '#contract/logs.ts'
import { signatureOf } from './error-signature.ts'
import type { Happening } from './timeline-event.ts'

/** Around the first failure, an error that was never seen before may say what it is about. */
const beforeMs = 60_000
const afterMs = 60_000
const mostNew = 5
/** Of a record with its stack, in UTF-16 units. */
const longest = 2000

export interface NewErrors {
  readonly happenings: readonly Happening[]
  /** The records that are new, with their stacks. */
  readonly texts: readonly string[]
}

/**
 * The errors that an app wrote for the first time around an onset, and how often it wrote errors before and after.
 * @param lines - its errors of a day up to then, in the order of time.
 */
export function newErrors(lines: readonly LogLine[], onset: number): NewErrors {
  const known = new Set<string>()
  const fresh: LogLine[] = []
  for (const line of lines) {
    const signature = signatureOf(line.text.slice(line.messageAt))
    const at = Date.parse(line.time)
    if (known.has(signature)) continue
    known.add(signature)
    if (at >= onset - beforeMs && at <= onset + afterMs && fresh.length < mostNew) fresh.push(line)
  }
  return {
    happenings: [...fresh.map(ofLine), ...rateOf(lines, onset)],
    texts: fresh.map(({ text }) => text.slice(0, longest)),
  }
}

const ofLine = ({ id, app, source, time, text, messageAt }: LogLine): Happening => ({
  event: {
    at: time,
    after: null,
    kind: 'log',
    app,
    title: `An error that was not seen before: ${text.slice(messageAt).split('\n', 1)[0]?.slice(0, 300) ?? ''}`,
    detail: source,
    opens: { type: 'log', id },
  },
  candidate: null,
})

const spanMs = 10 * 60_000

function rateOf(lines: readonly LogLine[], onset: number): readonly Happening[] {
  const countIn = (from: number, to: number): number =>
    lines.filter(({ time }) => Date.parse(time) >= from && Date.parse(time) < to).length
  const [before, after] = [countIn(onset - spanMs, onset), countIn(onset, onset + spanMs)]
  const last = lines.at(-1)
  if (after <= 2 * before || last === undefined) return []
  const minutes = Math.max(1, Math.min(spanMs, Date.parse(last.time) - onset) / 60_000)
  return [
    {
      event: {
        at: new Date(onset).toISOString(),
        after: null,
        kind: 'log',
        app: last.app,
        title: `${last.app} wrote ${(after / minutes).toFixed(1)} errors a minute from here on`,
        detail: `${(before / (spanMs / 60_000)).toFixed(1)} a minute in the ten minutes before`,
        opens: { type: 'log', id: last.id },
      },
      candidate: null,
    },
  ]
}
