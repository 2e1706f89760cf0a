import type { Actor } from '#contract/audit.ts'
import { contract } from '#contract/index.ts'
import type { AuditTarget } from '#contract/method.ts'
import { systemClock } from '#base/clock.ts'
import { createExecutor } from '../../daemon/kernel/execute.ts'
import type { AuditTrail, Change, Handlers, Outcome } from '../../daemon/kernel/execute.ts'
import { callContext } from '../../daemon/kernel/call.fixture.ts'

/** The caller every change of {@link withChange} is made for. */
export const testActor: Actor = { id: 'test', name: 'test', client: 'test/0', address: 'local' }

/** An audit trail in memory, for tests that are about something else than the trail. */
export class MemoryTrail implements AuditTrail {
  readonly intents: { readonly actor: Actor; readonly target: AuditTarget }[] = []
  readonly outcomes = new Map<number, Outcome>()
  readonly records: { readonly target: AuditTarget; readonly errorCode: string | null }[] = []

  intent(actor: Actor, target: AuditTarget): Promise<number> {
    return Promise.resolve(this.intents.push({ actor, target }))
  }

  outcome(sequence: number, outcome: Outcome): Promise<void> {
    this.outcomes.set(sequence, outcome)
    return Promise.resolve()
  }

  record(_actor: Actor, target: AuditTarget, errorCode: string | null): Promise<void> {
    this.records.push({ target, errorCode })
    return Promise.resolve()
  }
}

/**
 * Runs `act` with a real `Change`, minted by the one door, for tests of adapters and stores. Tests of a
 * capability call its methods through `execute` instead.
 * @param options.signal - what the change is aborted by; never aborted without it.
 * @returns what `act` returned; what it throws is thrown.
 */
export async function withChange<T>(
  act: (change: Change) => Promise<T> | T,
  options: { readonly signal?: AbortSignal; readonly trail?: AuditTrail } = {},
): Promise<T> {
  const results: T[] = []
  const run = async (_params: unknown, change: Change): Promise<void> => {
    results.push(await act(change))
  }
  // One handler stands for every method: which of them mints the change makes no difference to its type.
  const handlers = Object.fromEntries(Object.keys(contract).map((name) => [name, run])) as unknown as Handlers
  const execute = createExecutor({ handlers, trail: options.trail ?? new MemoryTrail(), clock: systemClock })
  const caller = { ...testActor, role: 'admin' } as const
  const { signal } = options
  await execute(
    'audit.checkpoint',
    {},
    callContext('admin', signal === undefined ? { caller } : { caller, signal }),
  )
  const [result] = results
  return result as T
}
