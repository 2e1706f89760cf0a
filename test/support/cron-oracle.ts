/** A cron schedule read minute by minute, as plainly as it can be: what the daemon's own way is held against. */
export interface OracleSchedule {
  readonly pattern: string
  readonly zone: string
}

const minute = 60_000
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Minutes since the epoch that a clock on the wall shows, as if it stood in UTC. */
function wallMinute(time: number, zone: string): number {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    formatters.set(zone, formatter)
  }
  const parts = new Map(formatter.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? Number.NaN
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute')) / minute
}

/** Whether a number is one of a field's. */
function isIn(field: string, value: number, low: number, high: number): boolean {
  return field.split(',').some((part) => {
    const [range = '*', step = '1'] = part.split('/')
    const [from = low, to] = range === '*' ? [low, high] : range.split('-').map(Number)
    const last = to ?? (part.includes('/') ? high : from)
    return value >= from && value <= last && (value - from) % Number(step) === 0
  })
}

function matches(pattern: string, wall: number): boolean {
  const date = new Date(wall * minute)
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = pattern.split(' ')
  const day = isIn(days, date.getUTCDate(), 1, 31)
  const weekday = isIn(weekdays, date.getUTCDay(), 0, 6)
  const eitherDay = days === '*' || weekdays === '*' ? day && weekday : day || weekday
  return (
    isIn(minutes, date.getUTCMinutes(), 0, 59) &&
    isIn(hours, date.getUTCHours(), 0, 23) &&
    isIn(months, date.getUTCMonth() + 1, 1, 12) &&
    eitherDay
  )
}

/** Whether a schedule is due at the beginning of a minute. */
function isDue({ pattern, zone }: OracleSchedule, time: number): boolean {
  const wall = wallMinute(time, zone)
  const named = !/[*/]/.test(pattern.split(' ').slice(0, 2).join(' '))
  if (!named) return matches(pattern, wall)
  // Shown a second time, because the clock was put back at most three hours ago.
  if (matches(pattern, wall)) {
    for (let before = 1; before <= 360; before++)
      if (wallMinute(time - before * minute, zone) === wall) return false
    return true
  }
  // Never shown, because the clock was put forward just now.
  for (let skipped = wallMinute(time - minute, zone) + 1; skipped < wall; skipped++)
    if (matches(pattern, skipped)) return true
  return false
}

/** Every moment later than one and not later than another at which a schedule is due. */
export function dueWithin(schedule: OracleSchedule, after: number, until: number): number[] {
  const found: number[] = []
  for (let time = (Math.floor(after / minute) + 1) * minute; time <= until; time += minute)
    if (isDue(schedule, time)) found.push(time)
  return found
}

/** The last of them. */
export function lastDueWithin(schedule: OracleSchedule, after: number, until: number): number | null {
  for (let time = Math.floor(until / minute) * minute; time > after; time -= minute)
    if (isDue(schedule, time)) return time
  return null
}
