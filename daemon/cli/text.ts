const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** How long ago, or in how long, in the largest unit that says enough: `3 min ago`, `in 30 days`. */
export function relativeTime(iso: string | null, now: number): string {
  if (iso === null) return ''
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return ''
  const distance = Math.abs(now - at)
  if (distance < 1500) return 'just now'
  if (at <= now) return `${duration(distance)} ago`
  // What was set to 90 days a moment ago is in 90 days, not in 89.
  return `in ${duration(distance + minute / 2)}`
}

/** A length of time in its largest unit. @param milliseconds - not negative. */
export function duration(milliseconds: number): string {
  if (milliseconds < minute) return `${Math.round(milliseconds / 1000)} s`
  if (milliseconds < hour) return `${Math.floor(milliseconds / minute)} min`
  if (milliseconds < day) return `${Math.floor(milliseconds / hour)} h`
  return plural(Math.floor(milliseconds / day), 'day')
}

/** A moment in full and beside it how long ago, for `show`. */
export const fullTime = (iso: string | null, now: number): string =>
  iso === null ? 'unknown' : `${iso} (${relativeTime(iso, now)})`

const mebibyte = 1024 * 1024

/** Memory in MiB, without the unit's name, for a column whose title has it. */
export const mebibytes = (bytes: number | null): string =>
  bytes === null ? '' : (bytes / mebibyte).toFixed(bytes < 10 * mebibyte ? 1 : 0)

/** Memory with its unit: MiB, from 10 GiB on GiB. */
export function memorySize(bytes: number): string {
  const mebi = bytes / mebibyte
  return mebi < 10_240 ? `${mebi.toFixed(0)} MiB` : `${(mebi / 1024).toFixed(1)} GiB`
}

export const percent = (value: number | null): string => (value === null ? '' : value.toFixed(1))

export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : many}`

/** A path with the person's own folder as `~`. */
export function shortPath(path: string | null, home: string | undefined): string {
  if (path === null) return ''
  if (home === undefined || home === '' || home === '/') return path
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
