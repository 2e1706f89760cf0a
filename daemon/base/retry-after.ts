/** A server that asks for longer is asked again all the same. */
const longestMs = 60 * 60 * 1000

/**
 * How long a server asks to be left alone, in milliseconds: `Retry-After` is a number of seconds or a date
 * (RFC 9110, 10.2.3). @param now - milliseconds since the epoch.
 */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0
  const ms = /^\s*\d{1,9}\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.min(longestMs, Math.max(0, ms)) : 0
}
