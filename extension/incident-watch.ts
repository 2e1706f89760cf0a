import { commands, l10n, window, type Disposable, type Memento } from 'vscode'
import type { IncidentRow } from '#contract/health.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { withoutIcons, withoutLinks } from './display.ts'
import type { Model } from './model.ts'
import { toldUpTo, untold, type Told } from './told-incidents.ts'

const toldKey = 'quantumAdmin.incidents.told'
/** What opens in the same moment is told together. */
const gatherMs = 1500
/** While somebody has not answered what was told, more is told after this time at the earliest, together. */
const pauseMs = 30_000
const overMs = 10_000
const mostNamed = 3

export interface IncidentWatchDeps {
  readonly model: Model
  /** What was told, for all windows and also after a reload. */
  readonly memory: Memento
  /** Names the daemon: its URL, or this machine's own. */
  readonly daemon: () => string
}

/** Tells of each incident that opens, once, in a window that somebody uses. */
export class IncidentWatch implements Owned {
  readonly #deps: IncidentWatchDeps
  readonly #lifetime = new Lifetime()
  #interest: Owned | undefined
  /** Those that are to be told. */
  readonly #waiting = new Map<number, IncidentRow>()
  /** Those that were told here and go on. */
  readonly #toldHere = new Map<number, IncidentRow>()
  /** When the notification came that nobody has answered yet. */
  #shownAt: number | null = null
  #timer: NodeJS.Timeout | undefined
  #over: Disposable | undefined

  constructor(deps: IncidentWatchDeps) {
    this.#deps = deps
    this.#lifetime.own(deps.model.onChanged((topic) => void (topic === 'health' && this.#look())))
    this.#lifetime.own(window.onDidChangeWindowState(({ focused }) => this.#want(focused)))
    this.#want(window.state.focused)
  }

  dispose(): Promise<void> {
    clearTimeout(this.#timer)
    this.#over?.dispose()
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  /** A window that nobody looks at asks for nothing; what has opened meanwhile is told when somebody does. */
  #want(focused: boolean): void {
    if (focused === (this.#interest !== undefined)) return
    const before = this.#interest
    this.#interest = focused ? this.#deps.model.want(['health']) : undefined
    void before?.dispose()
  }

  #look(): void {
    const { model, memory, daemon } = this.#deps
    const incidents = model.snapshot('health')?.incidents
    if (incidents === undefined || !model.isFresh('health')) return
    const all = memory.get<Readonly<Record<string, Told>>>(toldKey, {})
    const told = all[daemon()]
    // The first picture there ever was is in the tree as well.
    for (const incident of told === undefined ? [] : untold(told, incidents))
      this.#waiting.set(incident.number, incident)
    const next = toldUpTo(told, incidents)
    if (next !== told) void memory.update(toldKey, { ...all, [daemon()]: next })
    const open = new Set(incidents.map(({ number }) => number))
    for (const number of this.#waiting.keys()) if (!open.has(number)) this.#waiting.delete(number)
    this.#tellOver(open)
    this.#schedule()
  }

  /** Whoever was told that something began hears that it is over, in passing. */
  #tellOver(open: ReadonlySet<number>): void {
    for (const [number, { app }] of this.#toldHere) {
      if (open.has(number)) continue
      this.#toldHere.delete(number)
      this.#over?.dispose()
      this.#over = window.setStatusBarMessage(
        `$(pass) ${l10n.t('{0} is well again', withoutIcons(app))}`,
        overMs,
      )
    }
  }

  #schedule(): void {
    if (this.#waiting.size === 0 || this.#timer !== undefined) return
    const pause = this.#shownAt === null ? 0 : this.#shownAt + pauseMs - performance.now()
    this.#timer = setTimeout(() => void this.#tell(), Math.max(gatherMs, pause))
  }

  async #tell(): Promise<void> {
    this.#timer = undefined
    const incidents = [...this.#waiting.values()].filter(({ acknowledgedBy }) => acknowledgedBy === null)
    this.#waiting.clear()
    if (incidents.length === 0) return
    for (const incident of incidents) this.#toldHere.set(incident.number, incident)
    // It may be about the very app that is ill again.
    this.#over?.dispose()
    const shownAt = performance.now()
    this.#shownAt = shownAt
    await (incidents.length === 1 ? tellOne(incidents[0]) : tellAll(incidents))
    if (this.#shownAt !== shownAt) return
    this.#shownAt = null
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#schedule()
  }
}

async function tellOne(incident: IncidentRow | undefined): Promise<void> {
  if (incident === undefined) return
  const show = l10n.t('Show')
  const acknowledge = l10n.t('Acknowledge')
  const message = withoutLinks(l10n.t('{0} is not well: {1}', incident.app, incident.cause))
  const choice = await window.showWarningMessage(message, show, acknowledge)
  const node = { kind: 'appIncident', row: { name: incident.app }, incident }
  if (choice === show) await commands.executeCommand('quantumAdmin.showIncident', node)
  if (choice === acknowledge) await commands.executeCommand('quantumAdmin.acknowledgeIncident', node)
}

async function tellAll(incidents: readonly IncidentRow[]): Promise<void> {
  const apps = [...new Set(incidents.map(({ app }) => app))]
  // One app may be ill in several places.
  if (apps.length === 1) return tellOne(incidents.at(-1))
  const show = l10n.t('Show')
  const more = apps.length > mostNamed ? ', …' : ''
  const names = `${apps.slice(0, mostNamed).join(', ')}${more}`
  const message = withoutLinks(l10n.t('{0} apps are not well: {1}', apps.length, names))
  if ((await window.showWarningMessage(message, show)) === show)
    await commands.executeCommand('quantumAdmin.showDashboard')
}
