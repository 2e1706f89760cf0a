const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

export const locale = (): string | undefined => document.documentElement.lang || undefined

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

const known = new Map<string, Intl.NumberFormat>()

/** Writes numbers in the reader's way. To make such a thing takes longer than all that is written with it. */
function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const name = JSON.stringify(options)
  const one = known.get(name) ?? new Intl.NumberFormat(locale(), options)
  known.set(name, one)
  return one
}

/** Bytes as `3.2 GB`, in the reader's way to write numbers. */
export function size(bytes: number): string {
  const steps = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** step
  return numbers({
    style: 'unit',
    unit: steps[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value)
}

/** A plain number, such as a load; the greater, the fewer digits behind the point. */
export const decimal = (value: number): string =>
  numbers({ maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 }).format(value)

/** A part of 1 as `12 %`. */
export const part = (value: number): string =>
  numbers({
    style: 'percent',
    maximumFractionDigits: value > 0 && value < 0.1 ? (value < 0.01 ? 2 : 1) : 0,
  }).format(value)

/** Milliseconds as `85 ms`, or as seconds where they are many. */
export function took(milliseconds: number): string {
  const [unit, value] =
    milliseconds < 1000
      ? (['millisecond', milliseconds] as const)
      : (['second', milliseconds / 1000] as const)
  return numbers({
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value)
}
