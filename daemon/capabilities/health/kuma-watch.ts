import type { CheckDetail, CheckRow, CheckState } from '#contract/health.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Checker } from '../../adapters/checks/checker.ts'
import type { KumaConfig } from '../../config/health-config.ts'
import {
  monitorsOfMetrics,
  monitorsOfPage,
  type KumaBeat,
  type KumaMonitor,
  type KumaStatus,
} from '../../exchange/kuma-monitors.ts'
import type { AppHealth } from './app-health.ts'
import { judgeFailure } from './check-words.ts'

export interface KumaWatchDeps {
  readonly checker: Pick<Checker, 'http'>
  readonly clock: Clock
  readonly secret: (name: string) => Promise<string | null>
  readonly hide: (text: string) => string
  /** Told when a monitor is in another state, or there are others. */
  readonly changed: () => void
}

/** Whose rows the monitors of a Kuma are. */
export interface KumaOf {
  readonly app: string
  readonly environment: string | null
  readonly kuma: KumaConfig
}

/** The Kumas whose monitors are shown beside the checks of an app. */
export function kumasOf({ app, broken, health, environments }: AppHealth): readonly KumaOf[] {
  const all = [{ name: null, health }, ...environments]
  return all.flatMap(({ name, health: said }) =>
    broken || said === null || !said.enabled || said.kuma === null
      ? []
      : [{ app, environment: name, kuma: said.kuma }],
  )
}

/** One Kuma that is asked. */
interface Watched {
  readonly of: KumaOf
  timer: NodeJS.Timeout | undefined
  gone: boolean
  monitors: readonly Seen[]
  /** When it last answered; null when it never did. */
  answeredAt: number | null
  problem: { readonly text: string; readonly since: number } | null
  /** What was last shown, so that only news are told. */
  shown: string
}

interface Seen extends KumaMonitor {
  /** Since when it is in its state, as far as anybody knows. */
  readonly since: number
}

const timeoutMs = 10_000
/** Of a hundred monitors the last hundred heartbeats each are less than one. */
const mostBody = 8 * 1024 * 1024
/** What was said before so many intervals is not said now. */
const staleAfter = 3
/** A monitor beats at its own interval, which no page tells: three times what was usual lately, and this at least. */
const leastSilenceMs = 5 * 60_000

/**
 * Asks Uptime Kumas for the state of their monitors, which are shown beside checks. They are Kuma's: nothing can be done
 * to them here, and no incident comes of them.
 */
export class KumaWatch implements Owned {
  readonly #deps: KumaWatchDeps
  readonly #watched = new Map<string, Watched>()

  constructor(deps: KumaWatchDeps) {
    this.#deps = deps
  }

  /** Which are asked from now on, and no others. */
  set(wanted: readonly KumaOf[]): void {
    const keys = new Map(wanted.map((one) => [JSON.stringify(one), one]))
    for (const [key, watched] of this.#watched) if (!keys.has(key)) this.#end(key, watched)
    for (const [key, of] of keys) {
      if (this.#watched.has(key)) continue
      const watched: Watched = {
        of,
        timer: undefined,
        gone: false,
        monitors: [],
        answeredAt: null,
        problem: null,
        shown: '',
      }
      this.#watched.set(key, watched)
      void this.#ask(watched)
    }
  }

  rows(app: string | undefined): readonly CheckRow[] {
    return [...this.#watched.values()]
      .filter(({ of }) => app === undefined || of.app === app)
      .flatMap((watched) => this.#rowsOf(watched))
  }

  /** Null when there is none of that name. */
  show(app: string, environment: string | null, check: string, limit: number): CheckDetail | null {
    for (const watched of this.#watched.values()) {
      if (watched.of.app !== app || watched.of.environment !== environment) continue
      const row = this.#rowsOf(watched).find((one) => one.check === check)
      if (row === undefined) continue
      const beats = watched.monitors.find(({ key }) => checkOf(key) === check)?.beats ?? []
      return {
        ...row,
        timeoutMs,
        retries: 0,
        failures: 'as Uptime Kuma says',
        successes: 'as Uptime Kuma says',
        degradedAboveMs: null,
        push: null,
        certificateEndsAt: null,
        results: beats.slice(0, limit).map(resultOf),
      }
    }
    return null
  }

  dispose(): void {
    for (const [key, watched] of this.#watched) this.#end(key, watched)
  }

  #end(key: string, watched: Watched): void {
    clearTimeout(watched.timer)
    watched.gone = true
    this.#watched.delete(key)
  }

  /** It never rejects. The next time begins when this one is over: they never pile up. */
  async #ask(watched: Watched): Promise<void> {
    const answer = await this.#answer(watched.of.kuma).catch(() => 'it could not be asked')
    if (watched.gone) return
    const now = this.#deps.clock.now()
    if (typeof answer === 'string') {
      watched.problem = { text: this.#deps.hide(answer), since: watched.problem?.since ?? now }
    } else {
      watched.monitors = answer.map((one) => ({ ...one, since: sinceOf(one, watched.monitors, now) }))
      watched.answeredAt = now
      watched.problem = null
    }
    const shown = JSON.stringify(
      this.#rowsOf(watched).map(({ check, state, reason }) => [check, state, reason]),
    )
    if (shown !== watched.shown) this.#deps.changed()
    watched.shown = shown
    watched.timer = setTimeout(() => void this.#ask(watched), watched.of.kuma.intervalMs)
    watched.timer.unref()
  }

  /** Its monitors, or in words why there are none. */
  async #answer({ url, statusPage, key, monitors }: KumaConfig): Promise<readonly KumaMonitor[] | string> {
    const base = url.replace(/[?#].*$/s, '').replace(/\/+$/, '')
    let found: readonly KumaMonitor[] | null
    if (statusPage === null) {
      const name = key?.replace(/^secret:/, '') ?? ''
      const held = await this.#deps.secret(name)
      if (held === null) return `there is no secret ${name}, which is to hold an API key`
      // Kuma looks at the password alone.
      const login = `Basic ${Buffer.from(`:${held.trim()}`).toString('base64')}`
      const text = await this.#text(`${base}/metrics`, { authorization: login })
      if (typeof text === 'string') return text
      found = monitorsOfMetrics(text.body)
    } else {
      const page = await this.#text(`${base}/api/status-page/${statusPage}`, {})
      if (typeof page === 'string') return page
      const beats = await this.#text(`${base}/api/status-page/heartbeat/${statusPage}`, {})
      if (typeof beats === 'string') return beats
      found = monitorsOfPage(jsonOf(page.body), jsonOf(beats.body))
    }
    if (found === null) return 'answered, and not as Uptime Kuma does'
    const wanted = monitors === null ? null : new Set(monitors)
    return wanted === null ? found : found.filter(({ name }) => wanted.has(name))
  }

  async #text(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly body: string } | string> {
    const answer = await this.#deps.checker.http({
      url,
      method: 'GET',
      headers,
      body: null,
      timeoutMs,
      expect: [[200, 299]],
      redirects: 3,
      verifyCertificate: true,
      wantsBody: true,
      mostBody,
    })
    if (!answer.ok) return judgeFailure(answer, timeoutMs).reason ?? 'failed'
    if (answer.status === 401) return 'answered 401: it does not take the API key'
    if (answer.status === 404) return 'answered 404: there is no such status page'
    if (answer.status > 299) return `answered ${answer.status}`
    return answer.cut ? 'answered more than 8 MiB' : { body: answer.body ?? '' }
  }

  #rowsOf({ of, monitors, answeredAt, problem }: Watched): readonly CheckRow[] {
    const { app, environment, kuma } = of
    const now = this.#deps.clock.now()
    const host = new URL(kuma.url).host
    const common = {
      app,
      environment,
      kind: 'monitor',
      source: 'kuma',
      intervalMs: kuma.intervalMs,
      severity: 'warning',
      pausedUntil: null,
    } as const
    // One that never answered is not to be overlooked.
    if (answeredAt === null)
      return [
        {
          ...common,
          check: 'kuma',
          target: `Uptime Kuma at ${host}`,
          state: 'unknown',
          reason: problem === null ? 'it was not asked yet' : `${host} ${problem.text}`,
          since: isoTime(problem?.since ?? now),
          checkedAt: null,
          latencyMs: null,
          pausedBy: null,
        },
      ]
    const isOld = now - answeredAt > staleAfter * kuma.intervalMs
    return monitors.map((one) => {
      const [last] = one.beats
      const silent = isOld ? `${host} ${problem?.text ?? 'was not asked lately'}` : silenceOf(one.beats, now)
      const state = silent === null ? stateOf(one.status) : 'unknown'
      return {
        ...common,
        check: checkOf(one.key),
        target: `${one.name} in Uptime Kuma at ${host}`,
        state,
        reason: silent ?? reasonOf(one.status, last),
        since: isoTime(isOld ? answeredAt : one.since),
        checkedAt: isoTime(last?.at ?? answeredAt),
        latencyMs: state === 'healthy' ? one.latencyMs : null,
        pausedBy: state === 'paused' ? 'Uptime Kuma' : null,
      }
    })
  }
}

const checkOf = (key: string): string => `kuma:${key}`

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const states: Readonly<Record<KumaStatus, CheckState>> = {
  down: 'unhealthy',
  up: 'healthy',
  // It failed and is asked again, before Kuma calls it down.
  pending: 'degraded',
  maintenance: 'paused',
}
const stateOf = (status: KumaStatus | null): CheckState => (status === null ? 'unknown' : states[status])

function reasonOf(status: KumaStatus | null, last: KumaBeat | undefined): string | null {
  if (status === null) return 'Uptime Kuma says nothing of it yet'
  if (status === 'up' || status === 'maintenance') return null
  const said = last === undefined || last.message === '' ? '' : `: ${last.message}`
  return `${status === 'down' ? 'is down' : 'is pending'}${said}`
}

/** What is not told any more; null while it is. */
function silenceOf(beats: readonly KumaBeat[], now: number): string | null {
  const [last] = beats
  if (last === undefined) return null
  const gaps = beats
    .slice(0, 10)
    .flatMap(({ at }, index) => (index === 0 ? [] : [(beats[index - 1]?.at ?? at) - at]))
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  const isSilent = now - last.at > Math.max(leastSilenceMs, 3 * usual)
  return isSilent ? `has had no heartbeat since ${isoTime(last.at)}` : null
}

/** The first heartbeat that says the same, else when we first saw that. */
function sinceOf({ key, status, beats }: KumaMonitor, before: readonly Seen[], now: number): number {
  const known = before.find((one) => one.key === key && one.status === status)?.since
  const other = beats.findIndex((beat) => beat.status !== status)
  const first = beats[other === -1 ? beats.length - 1 : other - 1]?.at
  return Math.min(known ?? now, first ?? now)
}

const resultOf = ({ at, status, latencyMs, message }: KumaBeat): CheckDetail['results'][number] => ({
  at: isoTime(at),
  grade: status === 'down' ? 'bad' : status === 'up' ? 'good' : 'soft',
  latencyMs: status === 'up' ? latencyMs : null,
  reason: status === 'up' ? null : message === '' ? status : message,
})
