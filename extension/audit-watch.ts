import { l10n, window, type Memento } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Documentation } from './documentation.ts'
import type { Model } from './model.ts'
import { comparePin, type Pin } from './pins.ts'
import type { Report } from './report.ts'

const pinsKey = 'quantumAdmin.audit.pins'
const keysKey = 'quantumAdmin.audit.keys'
/** Heads are pinned at most this often while the trail grows. */
const pauseMs = 5000

export interface AuditWatchDeps {
  readonly model: Model
  /** Outlives the window and is out of the daemon's reach. */
  readonly memory: Memento
  readonly report: Report
  readonly documentation: Documentation
  /** Names the daemon: its URL, or this machine's own. */
  readonly daemon: () => string
}

/**
 * Keeps the last signed head per key of the daemon where neither the daemon nor whoever holds its key can change
 * it, and warns when the trail has become shorter or is signed with another key.
 */
export class AuditWatch implements Owned {
  readonly #deps: AuditWatchDeps
  readonly #lifetime = new Lifetime()
  readonly #warned = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: AuditWatchDeps) {
    this.#deps = deps
    this.#lifetime.own(
      deps.model.onState(({ kind }) => {
        if (kind === 'connected') void this.#compare()
      }),
    )
    this.#lifetime.own(deps.model.want(['audit']))
    this.#lifetime.own(
      deps.model.onChanged((topic) => {
        if (topic === 'audit') this.#timer ??= setTimeout(() => void this.#compare(), pauseMs)
      }),
    )
  }

  /** The pin of the connected daemon, for a verification to use. */
  async pin(): Promise<Pin | undefined> {
    const { publicKey } = await this.#deps.model.query('audit.head', {})
    return this.#pins()[publicKey]
  }

  dispose(): Promise<void> {
    clearTimeout(this.#timer)
    return this.#lifetime.dispose()
  }

  #pins(): Readonly<Record<string, Pin>> {
    return this.#deps.memory.get<Record<string, Pin>>(pinsKey, {})
  }

  async #compare(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { model, memory, report, daemon } = this.#deps
    if (model.state.kind !== 'connected') return
    await report.guard(async () => {
      // Read first: another window may pin a newer head while this one is on its way.
      const pins = this.#pins()
      const { head, publicKey } = await model.query('audit.head', {})
      const verdict = comparePin(pins[publicKey], head)
      const keys = memory.get<Record<string, string>>(keysKey, {})
      const before = keys[daemon()]
      if (before !== publicKey) {
        await memory.update(keysKey, { ...keys, [daemon()]: publicKey })
        if (before !== undefined)
          this.#warn(
            l10n.t('The audit trail is signed with another key than the last time this daemon was seen.'),
          )
      }
      if (verdict === 'shorter' || verdict === 'different') {
        // The pin stays: it is the evidence.
        this.#warn(
          l10n.t(
            'The audit trail is not the one seen before: entry {0} was the newest then, now it is {1}.',
            pins[publicKey]?.sequence ?? 0,
            head?.sequence ?? 0,
          ),
        )
      } else if (head !== null && verdict !== 'same') {
        const now = this.#pins()
        if ((now[publicKey]?.sequence ?? 0) < head.sequence)
          await memory.update(pinsKey, { ...now, [publicKey]: { sequence: head.sequence, hash: head.hash } })
      }
    })
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    const learn = l10n.t('Learn More')
    const { report, documentation } = this.#deps
    void report.guard(async () => {
      if ((await window.showWarningMessage(message, learn)) === learn) await documentation.open('audit.md')
    })
  }
}
