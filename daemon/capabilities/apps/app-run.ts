import { constants } from 'node:os'
import type { AppExit, AppState } from '#contract/apps.ts'
import { isoTime } from '#base/clock.ts'
import type { ProcessIdentity } from '../../adapters/host/host.ts'
import type { Ending } from '../../adapters/process/programs.ts'
import type { StoredRun } from './apps-store.ts'

/** What is known of an app's newest run. */
export interface AppRun {
  stored: StoredRun
  state: Exclude<AppState, 'external'>
  /** Why it is in that state. */
  reason: string | null
  /** Null when none of its processes is left. */
  leader: ProcessIdentity | null
  /** Those that go on beside the leader and do not descend from it, because who started them has ended. */
  others: readonly ProcessIdentity[]
  exit: AppExit | null
  /** When it is to be started again, by the monotonic clock. */
  due: number | null
  /** When it was started or taken up, by the monotonic clock. */
  readonly since: number
  /** Where in its output file what it wrote begins, in bytes; 0 for one that an earlier daemon started. */
  readonly outputFrom: number
  /** Whether it was seen that none of its processes is left; nobody can join a run of which nobody lives. */
  empty: boolean
  /** What there is to say of one that is ready all the same. */
  note: string | null
  /** What it still lacks to be ready, when that was last asked. */
  missing: string | null
  /** When that was, by the monotonic clock, and whether the answer is under way. */
  asked: number
  asking: boolean
}

/** When an app that ended by itself is started again. */
export interface RestartRule {
  readonly policy: 'never' | 'on-failure' | 'always'
  /** The first pause in milliseconds; each further one is twice as long. */
  readonly backoffMs: number
  /** How often in a row. */
  readonly limit: number
}

const longestPauseMs = 60_000
/** Who has lived so long had no trouble starting: the count begins anew. */
const steadyMs = 60_000

/** How often it was started again by itself, when it is started again after this run. */
export const restartsAfter = ({ stored, exit }: Pick<AppRun, 'stored' | 'exit'>): number =>
  livedMs(stored, exit) >= steadyMs ? 1 : stored.restarts + 1

/** The pause before it is started again, in milliseconds; null when it is not. */
export function pauseAfter(run: Pick<AppRun, 'stored' | 'exit'>, rule: RestartRule): number | null {
  const failed = run.exit?.code !== 0
  if (rule.policy === 'never' || (rule.policy === 'on-failure' && !failed)) return null
  const restarts = restartsAfter(run)
  if (restarts > rule.limit) return null
  return Math.min(longestPauseMs, rule.backoffMs * 2 ** (restarts - 1))
}

const livedMs = ({ startedAt }: StoredRun, exit: AppExit | null): number =>
  exit === null ? 0 : Math.max(0, Date.parse(exit.at) - Date.parse(startedAt))

/** What an ending means, in words as well. @param now - milliseconds since the epoch, for one that nobody saw. */
export function exitOf(ending: Ending | null, stored: StoredRun, now: number): AppExit {
  const at = isoTime(ending?.at ?? now)
  if (ending === null) return { code: null, signal: null, at, reason: 'it ended, and nobody saw how' }
  const signal = signalOf(ending.code)
  const after = seconds(livedMs(stored, { code: null, signal: null, at, reason: '' }))
  return signal === null
    ? { code: ending.code, signal, at, reason: `it ended with exit code ${ending.code} after ${after}` }
    : { code: null, signal, at, reason: `it was ended by ${signal} after ${after}` }
}

/** A shell tells a signal as 128 and its number. */
function signalOf(code: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => code === 128 + number)
  return found?.[0] ?? null
}

const seconds = (milliseconds: number): string =>
  milliseconds < 100
    ? 'a moment'
    : milliseconds < 10_000
      ? `${(milliseconds / 1000).toFixed(1)} s`
      : `${Math.round(milliseconds / 1000)} s`
