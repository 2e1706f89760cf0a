import type { CheckResult } from '#contract/health.ts'
import { plainCandidate } from './cause-evidence.ts'
import type { Around, Happening } from './timeline-event.ts'

export interface CheckedResult extends CheckResult {
  readonly app: string
  readonly check: string
}

const timeOf = ({ at }: CheckResult): number => Date.parse(at)

/** The results of one check, by `app/check`, in the order of time. */
function byCheck(results: readonly CheckedResult[]): ReadonlyMap<string, readonly CheckedResult[]> {
  const found = new Map<string, CheckedResult[]>()
  for (const result of results) {
    const key = `${result.app}\n${result.check}`
    const those = found.get(key)
    if (those === undefined) found.set(key, [result])
    else those.push(result)
  }
  return found
}

/** So long before an incident's own first failure another check of its app may have failed first. */
const earlierMs = 5 * 60_000

/**
 * When an app's checks began to fail: the first result that failed of any of them, without a good one of the same check
 * between it and the incident. @param startedAt - when the check failed first that opened it, ms since the epoch.
 */
export function onsetOf(app: string, startedAt: number, results: readonly CheckedResult[]): number {
  let onset = startedAt
  for (const those of byCheck(results.filter((one) => one.app === app)).values()) {
    let first: number | null = null
    for (const result of those) {
      const at = timeOf(result)
      if (at > startedAt) break
      if (result.grade === 'good') first = null
      else if (result.grade === 'bad') first ??= at
    }
    if (first !== null && first >= startedAt - earlierMs) onset = Math.min(onset, first)
  }
  return onset
}

/** Each time that a check came to something else than before. */
export function ofResults(
  results: readonly CheckedResult[],
  around: Around,
  onset: number,
): readonly Happening[] {
  return [...byCheck(results).values()].flatMap((those) =>
    those.flatMap((result, index): readonly Happening[] => {
      const before = those[index - 1]
      if (before === undefined ? result.grade === 'good' : before.grade === result.grade) return []
      return [ofResult(result, before ?? null, around, onset)]
    }),
  )
}

const words = { good: 'is good', soft: 'is not quite good', bad: 'failed' } as const

function ofResult(
  { app, check, at, grade, reason }: CheckedResult,
  before: CheckedResult | null,
  around: Around,
  onset: number,
): Happening {
  const relation = around.relationOf(app, [])
  const isCause = relation === 'needed' && grade !== 'good' && Date.parse(at) <= onset
  return {
    event: {
      at,
      after: null,
      kind: 'check',
      app,
      title: `The check ${check} of ${app} ${words[grade]}${before === null || grade !== 'good' ? '' : ' again'}`,
      detail: reason,
      opens: { type: 'check', app, check },
    },
    candidate: isCause
      ? {
          ...plainCandidate,
          kind: 'check',
          turn: 'ill',
          at: Date.parse(at),
          relation,
          names: [app],
        }
      : null,
  }
}

/** That a certificate ended is seen by the first check that says so; it was good when the check last was. */
export function certificateOf(
  app: string,
  results: readonly CheckedResult[],
  onset: number,
): readonly Happening[] {
  const index = results.findIndex(
    (one) => one.app === app && timeOf(one) >= onset && /certificate has expired/.test(one.reason ?? ''),
  )
  const found = results[index]
  if (found === undefined) return []
  const good = results.findLast(
    (one, at) => at < index && one.app === app && one.check === found.check && one.grade !== 'bad',
  )
  const after = good?.at ?? null
  return [
    {
      event: {
        at: found.at,
        after,
        kind: 'certificate',
        app,
        title: `The certificate that the check ${found.check} of ${app} is shown has expired`,
        detail: found.reason,
        opens: { type: 'check', app, check: found.check },
      },
      candidate: {
        ...plainCandidate,
        kind: 'certificate',
        turn: 'ended',
        at: timeOf(found),
        after: after === null ? null : Date.parse(after),
        relation: 'own',
      },
    },
  ]
}
