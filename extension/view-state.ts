import type { ErrorCode } from '#contract/errors.ts'
import type { ModelState } from './model.ts'

/** What the when-clauses of views, welcomes and menus ask about. */
export interface ViewState {
  /** `ok` and `starting`, or which kind of broken: each has a welcome view of its own. */
  readonly state: 'starting' | 'ok' | 'unreachable' | 'nodeTooOld' | 'refused' | 'untrusted' | 'failed'
  /** Commands that need the daemon are greyed out. */
  readonly unavailable: boolean
}

const byCode: Partial<Record<ErrorCode, ViewState['state']>> = {
  'daemon-unreachable': 'unreachable',
  timeout: 'unreachable',
  'node-too-old': 'nodeTooOld',
  unauthenticated: 'refused',
  'login-throttled': 'refused',
  forbidden: 'refused',
  untrusted: 'untrusted',
}

/** Sorts the model's state into the kinds that are shown differently. */
export function viewStateOf(state: ModelState): ViewState {
  if (state.kind === 'connected') return { state: 'ok', unavailable: false }
  // An attempt after a failure goes on showing the failure: a view that flickers cannot be read.
  if (state.failure === null) return { state: 'starting', unavailable: false }
  return { state: byCode[state.failure.code] ?? 'failed', unavailable: true }
}
