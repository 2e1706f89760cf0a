import { Cron } from 'croner'

/**
 * When something is to be done, as five fields of cron (crontab(5)) in a time zone of the IANA database. Where clocks are
 * put forward, a time that is named and left out comes at the first moment after the gap; where they are put back, a time
 * that is named comes once. A schedule with `*` or a step in its minutes or hours goes by time that passes instead.
 */
export interface CronSchedule {
  readonly pattern: string
  readonly zone: string
}

/** The zone of this machine, where a schedule names none. */
export const machineZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone

/** @throws TypeError for a zone that is not in the database. */
const cronOf = ({ pattern, zone }: CronSchedule): Cron =>
  new Cron(pattern, { mode: '5-part', fixedTimeRule: 'no-wildcard', timezone: zone, paused: true })

/** Whether a zone is in the database. */
export function isZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    // What is thrown says no more than that.
    return false
  }
}

/** What is wrong with five fields, in words; null when nothing is. */
export function patternProblem(pattern: string): string | null {
  try {
    cronOf({ pattern, zone: 'UTC' })
    return null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
  }
}

/** The first moment after one at which it is due, both in milliseconds since the epoch; null when it never is. */
export function nextAfter(schedule: CronSchedule, after: number): number | null {
  if (neverComes(schedule.pattern)) return null
  return cronOf(schedule).nextRun(new Date(after))?.getTime() ?? null
}

/** The last moment at which it was due, later than `after` and not later than `until`; null when there was none. */
export function lastWithin(schedule: CronSchedule, after: number, until: number): number | null {
  let found = nextAfter(schedule, after)
  if (found === null || found > until) return null
  // The later one looks from, the later the next moment: halving finds the last of them among millions.
  let [low, high] = [after, until]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const next = nextAfter(schedule, middle)
    if (next !== null && next <= until) [low, found] = [middle, next]
    else high = middle
  }
  return found
}

const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Whether it names days only that none of its months has, such as 31 February. */
export function neverComes(pattern: string): boolean {
  const [, , days = '*', months = '*', weekdays = '*'] = pattern.trim().split(/ +/)
  if (weekdays !== '*' || !/^[\d,/-]+$/.test(days)) return false
  const first = Math.min(...days.split(',').map((part) => Number.parseInt(part, 10)))
  return monthsOf(months).every((month) => (longest[month - 1] ?? 31) < first)
}

function monthsOf(field: string): readonly number[] {
  const all = Array.from({ length: 12 }, (_, index) => index + 1)
  return field.split(',').flatMap((part) => {
    const [range = '*', step = '1'] = part.split('/')
    const [low, high] = range === '*' ? [1, 12] : boundsOf(range)
    return all.filter((month) => month >= low && month <= high && (month - low) % Number(step) === 0)
  })
}

function boundsOf(range: string): readonly [number, number] {
  const [low = 1, high] = range.split('-').map(monthNumber)
  return [low, high ?? low]
}

const monthNumber = (text: string): number =>
  /^\d+$/.test(text) ? Number(text) : monthNames.indexOf(text.toLowerCase()) + 1
