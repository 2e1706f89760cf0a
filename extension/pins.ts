import type { AuditHead } from '#contract/audit.ts'

/** The newest signed head this VS Code has seen from one key. */
export interface Pin {
  readonly sequence: number
  readonly hash: string
}

/** What the next head says about the trail since the pin. */
export type PinVerdict = 'first' | 'same' | 'grown' | 'shorter' | 'different'

/** Compares where the trail stands with where it stood. Only `audit.verify` can tell whether a grown one is honest. */
export function comparePin(pin: Pin | undefined, head: AuditHead | null): PinVerdict {
  if (pin === undefined) return 'first'
  if (head === null || head.sequence < pin.sequence) return 'shorter'
  if (head.sequence === pin.sequence) return head.hash === pin.hash ? 'same' : 'different'
  return 'grown'
}
