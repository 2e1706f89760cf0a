import { setTimeout as wait } from 'node:timers/promises'
import type { AppContainer } from '#contract/apps.ts'
import { messageOf } from '#base/failure.ts'
import type { Clock } from '#base/clock.ts'
import type { Checker, HttpQuestion } from '../../adapters/checks/checker.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppHealth, Standing } from './app-health.ts'
import { addressOf, type PlannedCheck } from './check-plan.ts'
import { judgeAnswer, judgeFailure, usualExpect, withSlowness, type Outcome } from './check-words.ts'

/** What a connection to a datasource came to. */
export interface Ping {
  readonly latencyMs: number | null
  /** Why it failed; null when it did not. */
  readonly reason: string | null
}

export interface PerformDeps {
  readonly checker: Checker
  readonly clock: Clock
  /** The containers of an app, looked at after this call, and what is wrong with its compose project. */
  readonly containers: (
    app: string,
  ) => Promise<{ readonly containers: readonly Shown[]; readonly problem: string | null }>
  /** Any container of the machine, by name; `unknown` while there is no engine to ask. */
  readonly container: (name: string) => Promise<Shown | null | 'unknown'>
  readonly ping: (change: Change, app: string, datasource: string, timeoutMs: number) => Promise<Ping>
  /** What a secret holds; null when there is none. */
  readonly secret: (name: string) => Promise<string | null>
  readonly standing: (app: string) => Standing
}

const bad = (reason: string): Outcome => ({ grade: 'bad', latencyMs: null, reason })
const good: Outcome = { grade: 'good', latencyMs: null, reason: null }
/** Between one attempt and the next, in milliseconds. */
const retryMs = 250

/** Makes one check, with its retries. @returns null when there is nothing to say, such as of a container that starts. */
export async function performCheck(
  deps: PerformDeps,
  change: Change,
  check: PlannedCheck,
  app: AppHealth,
): Promise<Outcome | null> {
  for (let left = check.retries; ; left--) {
    const outcome = await attempt(deps, change, check, app).catch((error: unknown) =>
      bad(`failed: ${messageOf(error)}`),
    )
    const judged = outcome === null ? null : withSlowness(outcome, check.degradedAboveMs)
    if (judged?.grade !== 'bad' || left <= 0) return judged
    await wait(retryMs)
  }
}

async function attempt(
  deps: PerformDeps,
  change: Change,
  check: PlannedCheck,
  app: AppHealth,
): Promise<Outcome | null> {
  const { target, timeoutMs } = check
  switch (target.kind) {
    case 'http':
      return ask(deps, check, app)
    case 'tcp':
      return connected(await deps.checker.tcp(target.host, target.port, timeoutMs), timeoutMs)
    case 'port':
      return app.port === null
        ? null
        : connected(await deps.checker.tcp('localhost', app.port, timeoutMs), timeoutMs)
    case 'process':
      return ofProcess(deps.standing(check.app))
    case 'container':
      if (target.container !== null)
        return ofContainer(target.container, await deps.container(target.container))
      if (app.state === 'failed') return bad(`have ended: ${app.reason ?? 'nobody saw how'}`)
      return ofContainers(await deps.containers(check.app))
    case 'database': {
      const { latencyMs, reason } = await deps.ping(change, check.app, target.database, timeoutMs)
      return reason === null ? { ...good, latencyMs } : bad(`failed: ${reason}`)
    }
    case 'command': {
      const environment = await app.environment()
      const { command } = target
      return connected(
        await deps.checker.command({ command, folder: app.folder, environment, input: null, timeoutMs }),
        timeoutMs,
      )
    }
  }
}

const connected = (answer: Awaited<ReturnType<Checker['tcp']>>, timeoutMs: number): Outcome =>
  answer.ok ? { ...good, latencyMs: answer.latencyMs } : judgeFailure(answer, timeoutMs)

async function ask(
  deps: PerformDeps,
  { target, timeoutMs }: PlannedCheck,
  { port }: AppHealth,
): Promise<Outcome | null> {
  if (target.kind !== 'http') return null
  const url = addressOf(target, port)
  if (url === null) return null
  const { method, body, redirects, verifyCertificate, contains, json } = target
  const question: HttpQuestion = {
    url,
    method,
    headers: await withSecrets(target.headers, deps.secret),
    body,
    timeoutMs,
    expect: target.expect ?? usualExpect,
    redirects,
    verifyCertificate,
    wantsBody: contains !== null || json.length > 0,
  }
  const answer = await deps.checker.http(question)
  if (!answer.ok) return judgeFailure(answer, timeoutMs)
  const { certificateEndsAt } = answer
  return { ...judgeAnswer(answer, target, deps.clock.now()), certificateEndsAt }
}

/** @throws an error in words for a secret that there is not. */
export async function withSecrets(
  headers: Readonly<Record<string, string>>,
  secret: PerformDeps['secret'],
): Promise<Readonly<Record<string, string>>> {
  if (!Object.values(headers).some((value) => value.startsWith('secret:'))) return headers
  const entries = Object.entries(headers).map(async ([name, value]) => {
    const [, wanted] = /^secret:([\w.-]+)$/.exec(value) ?? []
    if (wanted === undefined) return [name, value] as const
    const held = await secret(wanted)
    if (held === null)
      throw new Error(`the header ${name} is to hold the secret ${wanted}, and there is none`)
    return [name, held] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** One that is started again by its rule fails softly: it may be well in a moment. */
function ofProcess({ state, reason }: Standing): Outcome | null {
  if (state === 'running') return good
  const why = `is gone${reason === null ? '' : `: ${reason}`}`
  if (state === 'waiting') return { grade: 'soft', latencyMs: null, reason: why }
  return state === 'failed' ? bad(why) : null
}

type Shown = Pick<AppContainer, 'name' | 'service' | 'state' | 'health'>

/** One of no project that has ended may have done its work: only what the engine calls unhealthy or broken is. */
function ofContainers({
  containers: all,
  problem,
}: Awaited<ReturnType<PerformDeps['containers']>>): Outcome | null {
  const sick = all
    .filter(({ state, health }) => health === 'unhealthy' || state === 'dead' || state === 'restarting')
    .map((one) => `${one.service ?? one.name} is ${one.health === 'unhealthy' ? one.health : one.state}`)
  const words = [
    ...(problem === null ? [] : [problem]),
    ...sick.filter((one) => problem?.includes(one) !== true),
  ]
  if (words.length > 0) return bad(`are not well: ${words.join('; ')}`)
  if (all.some(({ state, health }) => state === 'running' && health === 'starting')) return null
  return all.some(({ state }) => state === 'running') ? good : null
}

function ofContainer(name: string, one: Shown | null | 'unknown'): Outcome | null {
  if (one === 'unknown') return null
  if (one === null) return bad(`is not there: no container is called ${name}`)
  if (one.state !== 'running') return bad(`is ${one.state}`)
  if (one.health === 'starting') return null
  return one.health === 'unhealthy' ? bad('is unhealthy, as its HEALTHCHECK says') : good
}
