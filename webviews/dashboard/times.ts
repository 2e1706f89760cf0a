const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

const locale = (): string | undefined => document.documentElement.lang || undefined

/** How long ago a moment was, such as `5 min. ago`, in the reader's language. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000
  const words = new Intl.RelativeTimeFormat(locale(), { style: 'short', numeric: 'auto' })
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  // Seconds that count would draw the eye to what does not matter.
  return unit === 'second' ? words.format(0, 'minute') : words.format(Math.trunc(seconds / length), unit)
}

/** How long something has been, such as `3 days`. */
export function length(seconds: number): string {
  const [unit, size] = units.find(([, one]) => seconds >= one) ?? ['minute', 60]
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'short' }).format(
    Math.floor(seconds / size),
  )
}

/** The time of a moment of today, else with its date. */
export function clock(iso: string): string {
  const date = new Date(iso)
  const today = date.toDateString() === new Date().toDateString()
  return today ? date.toLocaleTimeString(locale()) : date.toLocaleString(locale())
}

/** Bytes as `3.2 GB`, in the reader's way to write numbers. */
export function size(bytes: number): string {
  const steps = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** step
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: steps[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value)
}

/** A plain number, such as a load. */
export const decimal = (value: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(value)
