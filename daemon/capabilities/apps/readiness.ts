import type { Clock } from '#base/clock.ts'
import type { AppRun } from './app-run.ts'
import type { StoredRun } from './apps-store.ts'

/** How an app says that it is well. */
export interface HealthCheck {
  readonly path: string
  /** Each the first and the last HTTP status that are good. */
  readonly expect: readonly (readonly [first: number, last: number])[]
  readonly timeoutMs: number
}

export interface ReadinessDeps {
  readonly clock: Clock
  /** Whether something listens on a port of this machine. */
  readonly answers: (port: number) => Promise<boolean>
  /** What a GET of a path is answered with: a status, or in words why there is none. */
  readonly ask: (port: number, path: string, timeoutMs: number) => Promise<number | string>
  /** Ports of TCP that the processes below these listen on, at the moment. */
  readonly listening: (leaders: readonly number[]) => Promise<readonly number[]>
  /** Who else holds the port that a run was given, in words; null when nobody is known to. */
  readonly strangerOn: (run: StoredRun) => Promise<string | null>
}

export interface Readiness {
  readonly ready: boolean
  /** What is still missing. */
  readonly reason: string | null
}

/** Without a port, who has lived so long counts as started. */
const settledMs = 1000
/** Who listens elsewhere after so long does not mean to listen where it was told. */
const elsewhereMs = 3000

const ready: Readiness = { ready: true, reason: null }
const missing = (reason: string): Readiness => ({ ready: false, reason })

/** Whether a run is ready for whom it serves, and otherwise what it is waited for. */
export async function readinessOf(
  deps: ReadinessDeps,
  run: Pick<AppRun, 'stored' | 'since' | 'leader' | 'others'>,
  health: HealthCheck | null,
): Promise<Readiness> {
  const { port } = run.stored
  const age = deps.clock.monotonic() - run.since
  let lacks = 'it does not listen yet'
  if (port === null && health === null) return { ready: age >= settledMs, reason: null }
  if (port !== null) {
    const { problem, strange } = await givenPort(deps, run.stored, port, health)
    if (problem === null) return ready
    if (age < elsewhereMs || (!strange && (await deps.answers(port)))) return missing(problem)
    lacks = problem
  }
  const leaders = [run.leader, ...run.others].flatMap((one) => (one === null ? [] : [one.pid]))
  const [elsewhere] = await deps.listening(leaders)
  if (elsewhere === undefined) return missing(lacks)
  const problem = await portProblem(deps, elsewhere, health)
  return problem === null ? ready : missing(problem)
}

/** Whatever answers on the port that a run was given counts only when it is not somebody else. */
async function givenPort(
  deps: ReadinessDeps,
  run: StoredRun,
  port: number,
  health: HealthCheck | null,
): Promise<{ readonly problem: string | null; readonly strange: boolean }> {
  const problem = await portProblem(deps, port, health)
  const stranger = problem === null ? await deps.strangerOn(run) : null
  if (stranger === null) return { problem, strange: false }
  return { problem: `port ${port}, which it was given, is held by ${stranger}`, strange: true }
}

const silent = (port: number): string => `port ${port}, which it was given, does not answer`

/** What keeps a port from counting as ready; null when it does. */
export async function portProblem(
  deps: Pick<ReadinessDeps, 'answers' | 'ask'>,
  port: number,
  health: HealthCheck | null,
): Promise<string | null> {
  if (!(await deps.answers(port))) return silent(port)
  if (health === null) return null
  const { path, expect, timeoutMs } = health
  const status = await deps.ask(port, path, timeoutMs)
  if (typeof status === 'string') return `port ${port} is open, ${path} ${status}`
  const isGood = expect.some(([first, last]) => status >= first && status <= last)
  return isGood ? null : `port ${port} is open, ${path} answered ${status}`
}
