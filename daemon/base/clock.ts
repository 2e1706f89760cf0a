/** Time as a parameter, so that tests and clock jumps are no special case. */
export interface Clock {
  /** Wall clock in milliseconds since the epoch; it may jump. For showing only. */
  now(): number
  /** Milliseconds that never go back. For every interval and deadline. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** ISO 8601 UTC with milliseconds, the one form in which times leave the daemon. */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString()
