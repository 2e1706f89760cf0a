import { panelsOf, type PanelId, type Plots } from '../messages.ts'
import type { Say } from '../strings.ts'

/** One line of a plot. */
export interface Curve {
  readonly name: string
  readonly values: readonly (number | null)[]
}

/** One plot. */
export interface Panel {
  readonly id: PanelId
  readonly curves: readonly Curve[]
}

/**
 * Where the middle of each step is, in milliseconds since the epoch: a number is of all of its step, and of one that goes
 * on, of what has passed of it.
 */
export const timesOf = ({
  begin,
  stepMs,
  lines,
  to,
}: Pick<Plots, 'begin' | 'stepMs' | 'lines' | 'to'>): number[] =>
  Array.from({ length: Math.max(0, ...lines.map(({ values }) => values.length)) }, (_, step) => {
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

/** The plots that there is something to draw in, and those that there always are. */
export function panelsIn({ want, lines }: Pick<Plots, 'want' | 'lines'>, say: Say): readonly Panel[] {
  return panelsOf[want.kind].flatMap((id: PanelId) => {
    const known = lines.filter((line) => line.panel === id && line.values.some((value) => value !== null))
    if (known.length === 0 && optional.has(id)) return []
    const curves = known.map(({ name, metric, values }) => ({
      name: name || (names[metric]?.(say) ?? say(`panel.${id}`)),
      values,
    }))
    return [{ id, curves }]
  })
}

/** Whether nothing at all is known of how apps answer, where that could be known. */
export const isSilent = (plots: Pick<Plots, 'want' | 'lines'>, say: Say): boolean =>
  plots.want.kind !== 'machine' && !panelsIn(plots, say).some(({ id }) => answers.has(id))

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
