import { Failure } from '#base/failure.ts'

/** A whole number from the command line. @throws Failure `wrong-use` that names the argument and the range. */
export function wholeNumber(name: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= low && value <= high) return value
    throw new Failure(
      'wrong-use',
      `${name} must be a whole number from ${low} to ${high}, not ${JSON.stringify(text)}`,
    )
  }
}

export const port = wholeNumber('PORT', 1, 65_535)
export const pid = wholeNumber('PID', 1, 2 ** 31 - 1)

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** A length of time such as `30m`, `12h`, `7d`, in milliseconds; undefined when it is not one. */
export function timeLength(text: string): number | undefined {
  const match = /^(\d{1,6})([smhdw])$/.exec(text)
  const unit = units[match?.[2] ?? '']
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}

/** A moment: `2h` ago, a date, or an ISO 8601 time. @returns ISO 8601 UTC. */
export const moment = (name: string, now: () => number = Date.now) =>
  momentFrom(name, (length) => now() - length)

/** A moment to come: in `2h`, a date, or an ISO 8601 time. @returns ISO 8601 UTC. */
export const later = (name: string) => momentFrom(name, (length) => Date.now() + length)

function momentFrom(name: string, at: (length: number) => number): (text: string) => string {
  return (text) => {
    const length = timeLength(text)
    if (length !== undefined) return new Date(at(length)).toISOString()
    const written = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
    if (!Number.isNaN(written)) return new Date(written).toISOString()
    throw new Failure(
      'wrong-use',
      `${name} must be a time such as 2h, 7d or 2030-01-31T12:00:00Z, not ${JSON.stringify(text)}`,
    )
  }
}

/** Whole days such as `30d`, from 1 to 365. */
export function days(name: string): (text: string) => number {
  return (text) => {
    const length = timeLength(text)
    const value = length === undefined ? Number.NaN : length / 86_400_000
    if (Number.isInteger(value) && value >= 1 && value <= 365) return value
    throw new Failure('wrong-use', `${name} must be from 1d to 365d, not ${JSON.stringify(text)}`)
  }
}
