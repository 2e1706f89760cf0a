import {
  commands,
  EventEmitter,
  l10n,
  window,
  type TreeDataProvider,
  type TreeItem,
  type TreeView,
} from 'vscode'
import type { AuditEntry, AuditFilter } from '#contract/audit.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { withNewest, withOlder, type AuditPages } from '../audit-pages.ts'
import { label } from '../display.ts'
import { startPatienceMs, type Model } from '../model.ts'
import type { Report } from '../report.ts'
import { activityItem, loadMoreItem, noMatchItem, outcomeWord } from './activity-item.ts'

const pageLength = 100
const more = Symbol('more')
const none = Symbol('none')
type ActivityNode = AuditEntry | typeof more | typeof none

/** The audit trail, newest first and live. */
export class ActivityView implements TreeDataProvider<ActivityNode>, Owned {
  readonly #model: Model
  readonly #report: Report
  readonly #lifetime = new Lifetime()
  readonly #changed = new EventEmitter<undefined>()
  readonly #view: TreeView<ActivityNode>
  #interest: Owned | undefined
  #filter: AuditFilter = {}
  #pages: AuditPages | undefined
  #loading = false
  #refreshing: Promise<void> | undefined
  #again = false
  readonly onDidChangeTreeData = this.#changed.event

  constructor(model: Model, report: Report) {
    this.#model = model
    this.#report = report
    this.#view = this.#lifetime.own(
      window.createTreeView('quantumAdmin.activity', { treeDataProvider: this }),
    )
    this.#lifetime.own(this.#changed)
    this.#lifetime.own(this.#view.onDidChangeVisibility(({ visible }) => this.#look(visible)))
    this.#lifetime.own(model.onChanged((topic) => void (topic === 'audit' && this.refresh())))
    this.#lifetime.own(
      model.onState(({ kind }) => {
        if (kind === 'connected') void this.refresh()
        else if (kind !== 'starting') this.#forget()
      }),
    )
    this.#look(this.#view.visible)
  }

  get selected(): AuditEntry | undefined {
    const [node] = this.#view.selection
    return typeof node === 'symbol' ? undefined : node
  }

  get entries(): readonly AuditEntry[] {
    return this.#pages?.entries ?? []
  }

  get filter(): AuditFilter {
    return this.#filter
  }

  /** Shows only what the filter finds. */
  async setFilter(filter: AuditFilter): Promise<void> {
    this.#filter = filter
    const filtered = Object.keys(filter).length > 0
    await commands.executeCommand('setContext', 'quantumAdmin.activity.filtered', filtered)
    this.#view.message = filtered ? l10n.t('Only entries with {0} are shown.', filterWords(filter)) : ''
    this.#forget()
    await this.refresh()
  }

  /** Fetches the newest page; changes during a fetch lead to one more. */
  refresh(): Promise<void> {
    if (!this.#view.visible) return Promise.resolve()
    this.#again = this.#refreshing !== undefined
    return (this.#refreshing ??= this.#fetchNewest())
  }

  /** Fetches the next older page. */
  async loadMore(): Promise<void> {
    const pages = this.#pages
    if (pages === undefined || pages.next === null || this.#loading) return
    const filter = this.#filter
    this.#loading = true
    this.#changed.fire(undefined)
    try {
      const older = await this.#model.query('audit.list', {
        ...filter,
        limit: pageLength,
        cursor: pages.next,
      })
      if (filter === this.#filter && this.#pages !== undefined) this.#keep(withOlder(this.#pages, older))
    } finally {
      this.#loading = false
      this.#changed.fire(undefined)
    }
  }

  async getChildren(node?: ActivityNode): Promise<ActivityNode[]> {
    if (node !== undefined) return []
    await this.#model.settled(startPatienceMs)
    if (this.#pages === undefined && this.#model.state.kind === 'connected')
      await (this.#refreshing ??= this.#fetchNewest())
    if (this.#pages === undefined) return []
    if (this.#pages.entries.length === 0 && Object.keys(this.#filter).length > 0) return [none]
    return this.#pages.next === null ? [...this.#pages.entries] : [...this.#pages.entries, more]
  }

  getTreeItem(node: ActivityNode): TreeItem {
    if (node === none) return noMatchItem()
    return node === more ? loadMoreItem(this.#loading) : activityItem(node)
  }

  dispose(): Promise<void> {
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  async #fetchNewest(): Promise<void> {
    try {
      do {
        this.#again = false
        const filter = this.#filter
        const newest = await this.#model.query('audit.list', { ...filter, limit: pageLength })
        if (filter !== this.#filter) this.#again = true
        else this.#keep(this.#pages === undefined ? newest : withNewest(this.#pages, newest))
      } while (this.#again)
    } catch (error) {
      // While the daemon is away the welcome view says so; anything else is news.
      if (this.#model.state.kind === 'connected') await this.#report.guard(() => Promise.reject(error))
    } finally {
      this.#refreshing = undefined
    }
  }

  #keep(pages: AuditPages): void {
    this.#pages = pages
    this.#changed.fire(undefined)
    void commands.executeCommand('setContext', 'quantumAdmin.activity.empty', pages.entries.length === 0)
  }

  #forget(): void {
    this.#pages = undefined
    this.#changed.fire(undefined)
    void commands.executeCommand('setContext', 'quantumAdmin.activity.empty', false)
  }

  #look(visible: boolean): void {
    const before = this.#interest
    this.#interest = visible ? this.#model.want(['audit']) : undefined
    void before?.dispose()
    if (visible) void this.refresh()
  }
}

/** A filter in words, such as `outcome failed, actor ana`. */
function filterWords(filter: AuditFilter): string {
  const { actor, action, resource, project, outcome, since, until, text } = filter
  const words = [
    actor === undefined ? null : l10n.t('actor “{0}”', label(actor)),
    action === undefined ? null : l10n.t('action “{0}”', label(action)),
    resource === undefined ? null : l10n.t('resource “{0}”', label(resource)),
    project === undefined ? null : l10n.t('project “{0}”', label(project)),
    outcome === undefined ? null : l10n.t('outcome “{0}”', outcomeWord(outcome)),
    since === undefined ? null : l10n.t('since {0}', new Date(since).toLocaleString()),
    until === undefined ? null : l10n.t('until {0}', new Date(until).toLocaleString()),
    text === undefined ? null : l10n.t('text “{0}”', label(text)),
  ]
  return words.filter((word) => word !== null).join(', ')
}
