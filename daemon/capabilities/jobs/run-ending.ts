import { constants } from 'node:os'
import type { RunState } from '#contract/jobs.ts'
import { isoTime } from '#base/clock.ts'
import type { Ending } from '../../adapters/process/programs.ts'
import type { StoredRun } from './jobs-store.ts'

/** Why a run was ended before its time. */
export type Interruption = 'cancelled' | 'timeout'

type Ended = Pick<StoredRun, 'state' | 'reason' | 'exitCode' | 'signal' | 'endedAt'>

/** What a shell answers for a command that it does not find, or may not run (POSIX, 2.8.2). */
const ofShell: Readonly<Record<number, string>> = {
  126: 'a command in it may not be run (exit code 126)',
  127: 'a command in it was not found (exit code 127)',
}

/**
 * How a run ended, in words as well. @param ending - null when nobody saw it.
 * @param now - milliseconds since the epoch, for an ending that nobody saw.
 */
export function endedAs(ending: Ending | null, interruption: Interruption | null, now: number): Ended {
  const endedAt = isoTime(ending?.at ?? now)
  const signal = ending === null ? null : signalOf(ending.code)
  const exitCode = signal === null ? (ending?.code ?? null) : null
  if (interruption !== null) {
    const reason =
      interruption === 'timeout' ? 'it took longer than it may, and was ended' : 'it was cancelled'
    return { state: interruption, reason, exitCode, signal, endedAt }
  }
  const [state, reason] = judged(ending, signal)
  return { state, reason, exitCode, signal, endedAt }
}

function judged(ending: Ending | null, signal: string | null): readonly [RunState, string | null] {
  if (ending === null) return ['lost', 'it ended, and nobody saw how']
  if (signal !== null) return ['failed', `it was ended by ${signal}`]
  if (ending.code === 0) return ['passed', null]
  return ['failed', ofShell[ending.code] ?? `it ended with exit code ${ending.code}`]
}

/** A shell tells a signal as 128 and its number. */
function signalOf(code: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => code === 128 + number)
  return found?.[0] ?? null
}
