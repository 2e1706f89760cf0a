import type { PortRow } from '#contract/resources.ts'
import type { StoredRun } from './apps-store.ts'
import { runVariable, type RunProcessesDeps } from './run-processes.ts'

/** A holder that began so long before the app, in milliseconds, was there when the app was started. */
const beforeMs = 2000

/**
 * Who holds the port that a run was given although it does not belong to the run, in words; null when nobody is known
 * to. A holder is a stranger when it says that it belongs to another run, or says nothing and is older than the run.
 * Whoever cannot be seen, and a container, which is made by the engine and not by the app, is taken for the app's own.
 */
export async function strangerOn(
  { environmentOf }: Pick<RunProcessesDeps, 'environmentOf'>,
  { run, port, startedAt }: Pick<StoredRun, 'run' | 'port' | 'startedAt'>,
  ports: readonly PortRow[],
): Promise<string | null> {
  const held = ports.filter((row) => row.port === port && row.protocol === 'tcp')
  let stranger: string | null = null
  for (const { pid, container, process, startedAt: since } of held) {
    if (pid === null || container !== null) return null
    const said = (await environmentOf(pid, [runVariable]))?.[runVariable]
    const older = since !== null && Date.parse(since) < Date.parse(startedAt) - beforeMs
    if (said === run || (said === undefined && !older)) return null
    stranger ??= `${process ?? 'a process'} (pid ${pid})`
  }
  return stranger
}
