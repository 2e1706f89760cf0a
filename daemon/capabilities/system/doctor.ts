import { accessSync, constants, statfsSync } from 'node:fs'
import type { HookRow } from '#contract/health.ts'
import type { LogForwardRow } from '#contract/logs.ts'
import type { EngineStatus } from '#contract/resources.ts'
import type { DoctorCheck } from '#contract/system.ts'
import { messageOf, type Failure } from '#base/failure.ts'
import type { StatePaths } from '#base/state-paths.ts'

const lowDiskBytes = 100 * 1024 * 1024

const check = (name: string, ok: boolean, message: string, hint: string | null): DoctorCheck => ({
  name,
  ok,
  message,
  hint: ok ? null : hint,
})

/** What can be told of a daemon's health from inside it. */
export function doctorChecks(deps: {
  readonly paths: StatePaths
  readonly engine: () => EngineStatus
  readonly settingsProblem: () => Failure | null
  /** Reads a row from the store. @throws when it cannot. */
  readonly readStore: () => Promise<unknown>
  /** Why the audit trail takes no entries, or null when it does. */
  readonly auditProblem: () => string | null
  readonly forwarding: () => Promise<readonly LogForwardRow[]>
  /** Checks whose heartbeats are not taken, each in a sentence. */
  readonly heartbeats: () => readonly string[]
  readonly hooks: () => Promise<readonly HookRow[]>
}): readonly (() => Promise<DoctorCheck> | DoctorCheck)[] {
  const { paths } = deps
  return [
    () => check('Node.js', true, `The daemon runs on ${process.versions.node}`, null),
    () => stateFolder(paths),
    async () => {
      try {
        await deps.readStore()
        return check('Store', true, `${paths.store} answers`, null)
      } catch (error) {
        return check(
          'Store',
          false,
          messageOf(error),
          'Check the disk and the permissions of the state folder.',
        )
      }
    },
    () => {
      const problem = deps.auditProblem()
      const hint =
        'Commands are refused until the audit trail can be written; free disk space or run `quantum-admin audit verify`.'
      return check('Audit trail', problem === null, problem ?? 'Takes entries', hint)
    },
    () => {
      const problem = deps.settingsProblem()
      return check(
        'Settings',
        problem === null,
        problem?.message ?? `${paths.settings} is in order`,
        problem?.hint ?? null,
      )
    },
    () => {
      const engine = deps.engine()
      // No engine at all is a way to work, not a fault.
      const ok = engine.state === 'connected' || engine.state === 'absent'
      const message =
        engine.state === 'connected'
          ? `${engine.endpoint}, version ${engine.version}`
          : (engine.reason ?? engine.state)
      return check('Container engine', ok, message, 'Start the engine, or set DOCKER_HOST to its socket.')
    },
    async () => {
      try {
        return logForwarding(await deps.forwarding())
      } catch (error) {
        return check('Log forwarding', false, messageOf(error), 'Check the disk and the state folder.')
      }
    },
    () => {
      const problems = deps.heartbeats()
      const ok = problems.length === 0
      const hint = 'Look at the monitor in Uptime Kuma, and at `push` of the check.'
      return check('Heartbeats', ok, ok ? 'All that are sent are taken' : problems.join('; '), hint)
    },
    async () => incidentHooks(await deps.hooks()),
  ]
}

function logForwarding(rows: readonly LogForwardRow[]): DoctorCheck {
  const stuck = rows.filter(({ state }) => state === 'retrying' || state === 'stopped')
  const ok = stuck.length === 0
  const fine = rows.length === 0 ? 'Nothing is forwarded' : 'What is to be sent is sent'
  const message = stuck.map(({ app, error }) => `${app}: ${error?.message ?? 'nothing is sent'}`).join('; ')
  return check('Log forwarding', ok, ok ? fine : message, 'Run `quantum-admin logs forward`.')
}

function incidentHooks(rows: readonly HookRow[]): DoctorCheck {
  const failing = rows.filter(({ state }) => state === 'failing')
  const ok = failing.length === 0
  const fine =
    rows.length === 0 ? 'Nobody is to be told of incidents' : 'Whoever is to be told of incidents is'
  const message = failing.map(
    ({ app, hook, error, waiting }) =>
      `${hook} of ${app}: ${error?.message ?? 'it failed'} (${waiting} waiting)`,
  )
  const hint = 'Correct it, and run `quantum-admin incidents hooks test APP`.'
  return check('Incident hooks', ok, ok ? fine : message.join('; '), hint)
}

function stateFolder({ home }: StatePaths): DoctorCheck {
  try {
    accessSync(home, constants.R_OK | constants.W_OK)
    const { bavail, bsize } = statfsSync(home)
    const free = bavail * bsize
    const message = `${home}, ${Math.floor(free / 1024 / 1024)} MiB free`
    return check('State folder', free >= lowDiskBytes, message, 'Free some disk space.')
  } catch (error) {
    return check('State folder', false, messageOf(error), 'Let your user read and write this folder.')
  }
}
