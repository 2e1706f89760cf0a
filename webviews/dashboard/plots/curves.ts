import { panelsOf, type PanelId, type PlotLine, type Plots, type Want } from '../messages.ts'
import type { Say } from '../strings.ts'

/** One line of a plot. */
export interface Curve {
  readonly name: string
  /** The number of its colour and dashes. */
  readonly look: number
  readonly values: readonly (number | null)[]
}

/** One plot. */
export interface Panel {
  readonly id: PanelId
  /** Where its numbers are, in milliseconds since the epoch. */
  readonly times: readonly number[]
  readonly curves: readonly Curve[]
}

/**
 * Where the middle of each step is, in milliseconds since the epoch: a number is of all of its step, and of one that goes
 * on, of what has passed of it.
 */
export const timesOf = ({ begin, stepMs, values }: PlotLine, to: number): number[] =>
  values.map((_, step) => {
    const start = begin + step * stepMs
    return (start + Math.max(start, Math.min(start + stepMs, to))) / 2
  })

/** What apps tell of how they answer. */
const answers: ReadonlySet<PanelId> = new Set(['requests', 'errors', 'latency', 'slowest'])
/** Plots that not everything has. */
const optional: ReadonlySet<PanelId> = new Set([
  ...answers,
  'load',
  'disk',
  'network',
  'checkLatency',
  'availability',
])

const names: Readonly<Record<string, (say: Say) => string>> = {
  latencyP50: () => 'p50',
  latencyP95: () => 'p95',
  latencyP99: () => 'p99',
  diskRead: (say) => say('read'),
  diskWritten: (say) => say('written'),
  networkReceived: (say) => say('received'),
  networkSent: (say) => say('sent'),
}

/** What was drawn of the same apps before: whoever zooms finds every plot and every colour where it was. */
export class Memory {
  readonly panels = new Set<PanelId>()
  readonly #looks = new Map<string, number>()

  /** The number of an app's or a check's look; the same in all plots. */
  lookOf(name: string): number {
    const look = this.#looks.get(name) ?? this.#looks.size
    this.#looks.set(name, look)
    return look
  }
}

/** The plots that there is something to draw in, those that there was, and those that there always are. */
export function panelsIn(
  { want, lines, to }: Pick<Plots, 'want' | 'lines' | 'to'>,
  say: Say,
  memory: Memory,
): readonly Panel[] {
  return panelsOf[want.kind].flatMap((id: PanelId) => {
    const known = lines.filter((line) => line.panel === id && line.values.some((value) => value !== null))
    if (known.length > 0) memory.panels.add(id)
    if (optional.has(id) && !memory.panels.has(id)) return []
    const curves = known.map(({ name, metric, values }, index) => ({
      name: name || (names[metric]?.(say) ?? say(`panel.${id}`)),
      look: name === '' ? index : memory.lookOf(name),
      values,
    }))
    const [first] = known
    return [{ id, times: first === undefined ? [] : timesOf(first, to), curves }]
  })
}

/** Whether nothing at all is known of how apps answer, where that could be known. */
export const isSilent = ({ kind }: Want, shown: readonly Panel[]): boolean =>
  kind !== 'machine' && !shown.some(({ id }) => answers.has(id))

/** Numbers with none on either side: no line goes through them, so each is drawn as a point. */
export const alone = (values: ArrayLike<number | null | undefined>): number[] =>
  Array.from({ length: values.length }, (_, index) => index).filter(
    (index) =>
      (values[index] ?? null) !== null &&
      (values[index - 1] ?? null) === null &&
      (values[index + 1] ?? null) === null,
  )

/** The last number of a line that is known. */
export const latest = (values: readonly (number | null)[]): number | null =>
  values.findLast((value) => value !== null) ?? null
