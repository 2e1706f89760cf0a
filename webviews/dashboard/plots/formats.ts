import type { PanelId } from '../messages.ts'
import { clock, decimal, locale, part, size, took } from '../times.ts'

const perSecond = (value: number): string => `${size(value)}/s`
const cores = (value: number): string => part(value / 100)

/** How the numbers of each plot are written. */
export const written: Readonly<Record<PanelId, (value: number) => string>> = {
  requests: (value) => `${decimal(value)}/min`,
  errors: part,
  latency: took,
  slowest: took,
  cpu: cores,
  memory: size,
  load: decimal,
  disk: perSecond,
  network: perSecond,
  checkLatency: took,
  availability: part,
}

/** What stands beside a plot: its title says of what, so no more than is needed. */
export const beside = (id: PanelId, value: number): string =>
  value === 0 ? '0' : id === 'requests' ? decimal(value) : written[id](value)

const inBytes: ReadonlySet<PanelId> = new Set(['memory', 'disk', 'network'])
const powersOfTwo = Array.from({ length: 50 }, (_, power) => 2 ** power)
const tens = Array.from({ length: 12 }, (_, power) => 10 ** power).flatMap((ten) => [ten, 2 * ten, 5 * ten])
const parts = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
const hundredths = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]

/** How far apart the lines behind a plot may be, so that what stands beside them is round. */
export function stepsOf(id: PanelId): number[] {
  if (inBytes.has(id)) return powersOfTwo
  if (id === 'errors' || id === 'availability') return parts
  return [...(id === 'load' || id === 'requests' ? hundredths : hundredths.slice(3)), ...tens]
}

/** The least height of a plot: what hardly moves must not look as if it leapt. */
const leastTop: Readonly<Partial<Record<PanelId, number>>> = {
  errors: 0.01,
  availability: 1,
  cpu: 1,
  requests: 1,
  latency: 1,
  slowest: 1,
  checkLatency: 1,
  memory: 2 ** 20,
  load: 0.1,
  disk: 1024,
  network: 1024,
}

/** Up to where a plot reaches; all begin at zero. */
export const topOf = (id: PanelId, most: number | null): number =>
  id === 'availability' ? 1.04 : Math.max(leastTop[id] ?? 1, (most ?? 0) * 1.08)

const dayMs = 86_400_000
const date = memo({ day: 'numeric', month: 'short' })
const minutes = memo({ hour: 'numeric', minute: '2-digit' })
const seconds = memo({ hour: 'numeric', minute: '2-digit', second: '2-digit' })

function memo(options: Intl.DateTimeFormatOptions): (moment: number) => string {
  let made: Intl.DateTimeFormat | undefined
  return (moment) => (made ??= new Intl.DateTimeFormat(locale(), options)).format(moment)
}

/** What stands below a plot, in local time: the date where a day begins, else the time of day. */
export function ticks(moments: readonly number[], stepMs: number): string[] {
  return moments.map((moment) => {
    const at = new Date(moment)
    const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0
    if (stepMs >= dayMs || midnight) return date(moment)
    return stepMs < 60_000 ? seconds(moment) : minutes(moment)
  })
}

/** A moment, with its date where it is not of today. */
export const at = (moment: number): string => clock(new Date(moment).toISOString())
