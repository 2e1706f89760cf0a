const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const bytes: Readonly<Record<string, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }

/** What timers of Node.js can wait: behind 2^31 ms they fire at once. */
const longest = 24 * 86_400_000

export const durationExpected = 'expected a duration such as 500ms, 10s, 5m, 2h or 7d, of at most 24d'
export const sizeExpected = 'expected a size such as 10KB, 10MB or 2GB'

/** `10s` as milliseconds; null for anything else. */
export function durationMs(text: string): number | null {
  const ms = amount(/^(\d{1,12})(ms|s|m|h|d)$/.exec(text), milliseconds)
  return ms === null || ms > longest ? null : ms
}

/** `10MB` as bytes, 1 KB = 1024 bytes; null for anything else. */
export const sizeBytes = (text: string): number | null => {
  const size = amount(/^(\d{1,12})(KB|MB|GB)$/.exec(text), bytes)
  return Number.isSafeInteger(size) ? size : null
}

function amount(match: RegExpExecArray | null, units: Readonly<Record<string, number>>): number | null {
  const [, digits, name = ''] = match ?? []
  const unit = units[name]
  return digits === undefined || unit === undefined ? null : Number(digits) * unit
}
