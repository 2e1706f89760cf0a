import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { AuditVerification } from '#contract/audit.ts'
import { contract, type MethodName } from '#contract/index.ts'
import { systemClock, type Clock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { statePaths } from '#base/state-paths.ts'
import { auditHandlers } from '../../daemon/capabilities/audit/audit-handlers.ts'
import { AuditService } from '../../daemon/capabilities/audit/audit-service.ts'
import { verifyStore } from '../../daemon/capabilities/audit/audit-store-source.ts'
import { createExecutor, type Change, type Handlers } from '../../daemon/kernel/execute.ts'
import type { SyncFile } from '../../daemon/store/log-sync.ts'
import { openStore, type Store } from '../../daemon/store/open.ts'
import { testActor } from './change.ts'
import { callContext } from '../../daemon/kernel/call.fixture.ts'

/** Does what a command of the test does; `params` are as they were sent. */
export type Work = (name: MethodName, params: unknown, change: Change) => unknown

/** A real trail on a real store behind the one door. Other capabilities' commands do the test's `work`. */
export interface TestTrail {
  readonly store: Store
  readonly audit: AuditService
  readonly logged: readonly string[]
  /** Commands whose handler was entered, in order: what a refused one must not be. */
  readonly entered: readonly string[]
  call(name: string, params: unknown): Promise<unknown>
  close(): Promise<void>
}

export async function openTrail(
  home: string,
  work: Work = () => null,
  clock: Clock = systemClock,
  syncFile?: SyncFile,
): Promise<TestTrail> {
  const paths = statePaths(home)
  const store = await openStore({ file: paths.store, clock, ...(syncFile && { syncFile }) })
  const logged: string[] = []
  const audit = await AuditService.open({
    store,
    folder: paths.audit,
    clock,
    newId: randomId,
    log: (_level, message) => void logged.push(message),
    verifyCommand: [],
  })
  const others = Object.keys(contract).map((name) => [
    name,
    (params: unknown, change: Change) => work(name as MethodName, params, change),
  ])
  const handlers = { ...(Object.fromEntries(others) as Handlers), ...auditHandlers(audit) }
  const entered: string[] = []
  for (const [name, { kind }] of Object.entries(contract)) {
    if (kind === 'command') noteEntry(handlers, name, entered)
  }
  const execute = createExecutor({ handlers, trail: audit, clock })
  return {
    store,
    audit,
    logged,
    entered,
    call: (name, params) =>
      execute(name, params, callContext('admin', { caller: { ...testActor, role: 'admin' } })),
    close: async () => {
      await audit.dispose()
      await store.dispose()
    },
  }
}

function noteEntry(handlers: Handlers, name: string, entered: string[]): void {
  const byName = handlers as unknown as Record<string, (...args: unknown[]) => unknown>
  const handler = byName[name]
  byName[name] = (...args) => {
    entered.push(name)
    return handler?.(...args)
  }
}

/** What the offline verification says of a state folder. */
export function verifyHome(home: string): AuditVerification {
  const paths = statePaths(home)
  return verifyStore({ store: paths.store, folder: paths.audit })
}

/** A folder of its own that is gone after `use`. */
export async function withFolder<T>(use: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-trail-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
