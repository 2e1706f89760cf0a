import type { CheckState } from '#contract/health.ts'

/** What one check came to: `soft` is an answer that is slow, or good with something wrong beside it. */
export type Grade = 'good' | 'soft' | 'bad'

/** So many of the last results; as many as `count` means in a row. */
export interface Amount {
  readonly count: number
  readonly of: number
}

/** What it takes to become worse, and to become better. */
export interface EvidenceRule {
  readonly failures: Amount
  readonly successes: Amount
}

export interface Sample {
  readonly grade: Grade
  /** When it was, for whoever tells of it; nothing here depends on it. */
  readonly at: number
}

/** A check as its results have made it. Pure: no clock, no input, no output. */
export interface CheckMachine {
  readonly state: CheckState
  /** Results that may make it worse: since it last became better, or nothing was known. */
  readonly against: readonly Sample[]
  /** Results that may make it better: since it last became worse, or nothing was known. */
  readonly favour: readonly Sample[]
  /** It was unhealthy when that was last known: one good result is no evidence that it is well. */
  readonly doubted: boolean
}

/** `lapse`: what was known counts no longer, because the machine slept or the app was restarted on purpose. */
export type CheckEvent =
  | { readonly kind: 'result'; readonly sample: Sample }
  | { readonly kind: 'lapse' | 'pause' | 'resume' }

/** @param doubted - whether it was unhealthy when somebody last knew. */
export const newMachine = (doubted = false): CheckMachine => ({
  state: 'unknown',
  against: [],
  favour: [],
  doubted,
})

/** What becomes of a check by one event. No state is left without the evidence for it. */
export function step(rule: EvidenceRule, machine: CheckMachine, event: CheckEvent): CheckMachine {
  const { state } = machine
  const doubted = machine.doubted || state === 'unhealthy'
  switch (event.kind) {
    case 'pause':
      return { ...newMachine(doubted), state: 'paused' }
    case 'resume':
      return state === 'paused' ? newMachine(doubted) : machine
    case 'lapse':
      return state === 'paused' ? machine : newMachine(doubted)
    case 'result':
      return state === 'paused' ? machine : judged(rule, heard(rule, machine, event.sample))
  }
}

const heard = (rule: EvidenceRule, machine: CheckMachine, sample: Sample): CheckMachine => ({
  ...machine,
  against: [...machine.against, sample].slice(-rule.failures.of),
  favour: [...machine.favour, sample].slice(-rule.successes.of),
})

const rank = { healthy: 0, degraded: 1, unhealthy: 2 } as const

function judged(rule: EvidenceRule, machine: CheckMachine): CheckMachine {
  const next = stateAfter(rule, machine)
  const { state, against, favour } = machine
  if (next === state || next === 'unknown' || next === 'paused') return machine
  const isWorse = state !== 'unknown' && state !== 'paused' && rank[next] > rank[state]
  // What made it worse may go on to make it worse still, and is no reason to make it better.
  const kept =
    state === 'unknown' ? { against, favour } : isWorse ? { against, favour: [] } : { against: [], favour }
  return { ...kept, state: next, doubted: false }
}

function stateAfter({ failures, successes }: EvidenceRule, machine: CheckMachine): CheckState {
  const { state, against, favour, doubted } = machine
  const bad = countOf(against, ({ grade }) => grade === 'bad')
  const notGood = countOf(against, ({ grade }) => grade !== 'good')
  const good = countOf(favour, ({ grade }) => grade === 'good')
  const notBad = countOf(favour, ({ grade }) => grade !== 'bad')
  if (state !== 'unhealthy' && bad >= failures.count) return 'unhealthy'
  if (state === 'healthy') return notGood >= failures.count ? 'degraded' : state
  if (good >= successes.count) return 'healthy'
  // Of who was never known to be ill, one good answer is all there is to know.
  if (state === 'unknown' && !doubted && favour.at(-1)?.grade === 'good') return 'healthy'
  if (state === 'degraded') return state
  if (notBad >= successes.count) return 'degraded'
  return state === 'unknown' && !doubted && notGood >= failures.count ? 'degraded' : state
}

const countOf = (samples: readonly Sample[], is: (sample: Sample) => boolean): number =>
  samples.filter(is).length
