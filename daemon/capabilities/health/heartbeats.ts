import type { PushState } from '#contract/health.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { printable } from '#base/printable.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Checker } from '../../adapters/checks/checker.ts'
import { judgeFailure } from './check-words.ts'

/** What one result tells a monitor of Uptime Kuma. */
export interface Heartbeat {
  readonly status: 'up' | 'down'
  readonly message: string
  readonly latencyMs: number | null
}

export interface HeartbeatsDeps {
  readonly checker: Pick<Checker, 'http'>
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** What a secret holds; null when there is none. */
  readonly secret: (name: string) => Promise<string | null>
  readonly hide: (text: string) => string
  /** Told when heartbeats of a check begin to fail, or to be taken again. */
  readonly changed: () => void
}

/** Of one check. */
interface Sender {
  push: string
  /** The newest that was not taken yet; older ones are nobody's business any more. */
  waiting: Heartbeat | null
  state: 'idle' | 'queued' | 'sending' | 'resting'
  gone: boolean
  timer: NodeJS.Timeout | undefined
  failures: number
  sentAt: number | null
  problem: { readonly text: string; readonly since: number } | null
}

const timeoutMs = 10_000
/** Of an answer that says in a word whether it was taken. */
const mostBody = 16 * 1024
/** All together; a Kuma that hangs must not have a connection of each check. */
const mostSending = 16
const firstRestMs = 1000
const longestRestMs = 60_000
const longestMessage = 250

/**
 * Sends what checks find to monitors of Uptime Kuma (`GET /api/push/TOKEN?status=up|down&msg=...&ping=MS`). Nobody waits
 * for it. Of each check the newest result is sent, and again until it is taken or there is a newer one.
 */
export class Heartbeats implements Owned {
  readonly #deps: HeartbeatsDeps
  readonly #senders = new Map<string, Sender>()
  readonly #queue: Sender[] = []
  #sending = 0
  #closed = false

  constructor(deps: HeartbeatsDeps) {
    this.#deps = deps
  }

  /** @param key - of the check. @param push - a URL, or `secret:NAME` of one. */
  send(key: string, push: string, beat: Heartbeat): void {
    if (this.#closed) return
    const known = this.#senders.get(key)
    const sender = known?.push === push ? known : this.#begin(key, push)
    sender.waiting = beat
    if (sender.state === 'idle') this.#enter(sender)
  }

  /** Sends nothing more of a check until it is told of again. */
  drop(key: string): void {
    const sender = this.#senders.get(key)
    if (sender === undefined) return
    clearTimeout(sender.timer)
    sender.gone = true
    sender.waiting = null
    this.#senders.delete(key)
  }

  /** Forgets checks that are made no longer. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#senders.keys()) if (!keys.has(key)) this.drop(key)
  }

  /** How it goes; null for a check of which nothing was sent. */
  stateOf(key: string): PushState | null {
    const sender = this.#senders.get(key)
    if (sender === undefined) return null
    const { sentAt, problem } = sender
    return {
      sentAt: sentAt === null ? null : isoTime(sentAt),
      problem: problem?.text ?? null,
      failingSince: problem === null ? null : isoTime(problem.since),
    }
  }

  dispose(): void {
    this.#closed = true
    for (const key of this.#senders.keys()) this.drop(key)
  }

  #begin(key: string, push: string): Sender {
    this.drop(key)
    const sender: Sender = {
      push,
      waiting: null,
      state: 'idle',
      gone: false,
      timer: undefined,
      failures: 0,
      sentAt: null,
      problem: null,
    }
    this.#senders.set(key, sender)
    return sender
  }

  #enter(sender: Sender): void {
    sender.state = 'queued'
    this.#queue.push(sender)
    this.#next()
  }

  #next(): void {
    while (this.#sending < mostSending) {
      const sender = this.#queue.shift()
      if (sender === undefined) return
      this.#sending++
      void this.#turn(sender).finally(() => {
        this.#sending--
        this.#next()
      })
    }
  }

  async #turn(sender: Sender): Promise<void> {
    const beat = sender.waiting
    sender.waiting = null
    sender.state = 'sending'
    const problem = beat === null ? null : await this.#attempt(sender.push, beat)
    sender.state = 'idle'
    if (beat === null || sender.gone) return
    this.#note(sender, problem)
    if (problem !== null) this.#rest(sender, beat)
    else if (sender.waiting !== null) this.#enter(sender)
  }

  #note(sender: Sender, problem: string | null): void {
    const now = this.#deps.clock.now()
    const was = sender.problem
    if (problem === null) {
      sender.failures = 0
      sender.sentAt = now
      sender.problem = null
    } else {
      sender.failures++
      sender.problem = { text: problem, since: was?.since ?? now }
    }
    if ((was === null) !== (problem === null)) this.#deps.changed()
  }

  /** Waits longer each time, and then sends what is newest by then. */
  #rest(sender: Sender, beat: Heartbeat): void {
    sender.waiting ??= beat
    sender.state = 'resting'
    const rest = Math.min(longestRestMs, firstRestMs * 2 ** Math.min(10, sender.failures - 1))
    sender.timer = setTimeout(() => this.#enter(sender), rest * (0.75 + this.#deps.random() / 2))
    sender.timer.unref()
  }

  /** @returns why it was not taken; null when it was. */
  async #attempt(push: string, beat: Heartbeat): Promise<string | null> {
    try {
      const url = await this.#address(push)
      if (typeof url === 'string') return url
      const answer = await this.#deps.checker.http({
        url: withBeat(url, beat),
        method: 'GET',
        headers: {},
        body: null,
        timeoutMs,
        // Whoever redirects is no Kuma, and what is said must not go elsewhere.
        expect: [[100, 599]],
        redirects: 0,
        verifyCertificate: true,
        wantsBody: true,
        mostBody,
      })
      const problem = answer.ok
        ? refusal(answer.status, answer.body ?? '')
        : (judgeFailure(answer, timeoutMs).reason ?? 'failed')
      return problem === null ? null : `${url.hostname} ${this.#deps.hide(problem)}`
    } catch {
      return 'it could not be sent'
    }
  }

  /** The address, or in words why there is none. It never says the address, which is as good as a password. */
  async #address(push: string): Promise<URL | string> {
    const [, name] = /^secret:(.+)$/.exec(push) ?? []
    const held = name === undefined ? push : await this.#deps.secret(name)
    if (held === null) return `there is no secret ${name}, which is to hold the push URL`
    const url = URL.parse(held.trim())
    const isGood =
      url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
    return isGood ? url : `the secret ${name} holds no address that begins with http:// or https://`
  }
}

/** What the address says already is kept, but for what is said of this result. */
export function withBeat(push: URL, { status, message, latencyMs }: Heartbeat): string {
  const url = new URL(push)
  url.hash = ''
  url.searchParams.set('status', status)
  url.searchParams.set('msg', message.slice(0, longestMessage))
  if (latencyMs === null) url.searchParams.delete('ping')
  else url.searchParams.set('ping', String(Math.max(0, Math.round(latencyMs))))
  return url.href
}

/** Why an answer does not say that it was taken, which is `{"ok":true}`. */
function refusal(status: number, body: string): string | null {
  let said: unknown
  try {
    said = JSON.parse(body)
  } catch {
    return `answered ${status}, and not as Uptime Kuma does`
  }
  const { ok, msg } = (said ?? {}) as { readonly ok?: unknown; readonly msg?: unknown }
  if (status === 200 && ok === true) return null
  const words = typeof msg === 'string' ? `: ${printable(msg.slice(0, longestMessage))}` : ''
  return `answered ${status}${words}`
}
