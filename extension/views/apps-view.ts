import {
  commands,
  EventEmitter,
  l10n,
  window,
  workspace,
  type TreeDataProvider,
  type TreeItem,
  type TreeView,
} from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { Topic } from '#contract/system.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { label } from '../display.ts'
import { appFolders, type AppFolder } from '../app-folders.ts'
import { openIncidentsWord } from '../health.ts'
import { ErrorCounts } from '../logs/error-counts.ts'
import { startPatienceMs, type HealthSnapshot, type JobsSnapshot, type Model } from '../model.ts'
import { appGroupItem, appItem, appLines, errorLines } from './app-item.ts'
import type { AppFolderGroupNode, AppNode, AppTreeNode } from './app-nodes.ts'
import { appPartItem, appParts } from './app-parts.ts'
import { connectorGroupItem, connectorItem, connectorLines } from './connector-item.ts'
import { GroupRows } from './group-rows.ts'
import { noteItem, waitingNote } from './notes.ts'
import { tooltip } from './tooltip.ts'

/**
 * What no event tells is asked for this often while the view is seen, in milliseconds: use of processor and memory,
 * what somebody else has started, what was changed in a folder, and how long ago a start was.
 */
const lookAgainMs = 10_000

/** What there is to draw: nothing that is true, a first picture that is on its way, or apps. */
type Picture = 'none' | 'waiting' | 'apps'

/** The tree of apps that were added. It shows the model's snapshot and nothing else. */
export class AppsView implements TreeDataProvider<AppTreeNode>, Owned {
  readonly #model: Model
  readonly #lifetime = new Lifetime()
  readonly #changed = new EventEmitter<AppTreeNode | AppTreeNode[] | undefined>()
  readonly #rows = new GroupRows<AppNode>()
  readonly #view: TreeView<AppTreeNode>
  readonly #own: { kind: 'connectorGroup'; app: null; connectors: readonly ConnectorRow[] } = {
    kind: 'connectorGroup',
    app: null,
    connectors: [],
  }
  readonly #errors: ErrorCounts
  #interest: Owned | undefined
  #timer: NodeJS.Timeout | undefined
  #drawn: Picture = 'none'
  readonly onDidChangeTreeData = this.#changed.event

  constructor(model: Model) {
    this.#model = model
    this.#view = this.#lifetime.own(window.createTreeView('quantumAdmin.apps', { treeDataProvider: this }))
    this.#lifetime.own(this.#changed)
    this.#errors = this.#lifetime.own(new ErrorCounts(model, () => this.#redraw()))
    this.#lifetime.own(this.#view.onDidChangeVisibility(() => this.#look()))
    this.#lifetime.own(window.onDidChangeWindowState(() => this.#look()))
    this.#lifetime.own(workspace.onDidChangeWorkspaceFolders(() => this.#changed.fire(undefined)))
    this.#lifetime.own(model.onState(() => this.#redraw()))
    this.#lifetime.own(model.onChanged((topic) => void (drawn.includes(topic) && this.#redraw())))
    this.#look()
  }

  getChildren(node?: AppTreeNode): AppTreeNode[] | Promise<AppTreeNode[]> {
    if (node === undefined) return this.#roots()
    if (node.kind === 'appGroup') return node.group.rows.flatMap(({ name }) => this.#rows.node(name) ?? [])
    if (node.kind === 'appJobs') return node.jobs.map((job) => ({ kind: 'appJob', row: node.row, job }))
    if (node.kind === 'appHealth')
      return node.checks.map((check) => ({ kind: 'appCheck', row: node.row, check }))
    if (node.kind === 'connectorGroup')
      return node.connectors.map((connector) => ({ kind: 'connector', connector }))
    return node.kind === 'app' ? [...appParts(node)] : []
  }

  /** VS Code asks for it to show an app that somebody wants to see. */
  getParent(node: AppTreeNode): AppTreeNode | undefined {
    if (node.kind !== 'app') return undefined
    const group = this.#groups()?.find(({ rows }) => rows.some(({ name }) => name === node.row.name))
    return group === undefined ? undefined : { kind: 'appGroup', group }
  }

  /** Shows an app, or with null a person's own connectors. @throws Failure `not-found` when it is gone. */
  async reveal(app: string | null): Promise<void> {
    const node = app === null ? this.#own : this.#rows.node(app)
    if (node === undefined) throw new Failure('not-found', `There is no app ${app}`)
    await this.#view.reveal(node, { select: true, focus: true, expand: true })
  }

  getTreeItem(node: AppTreeNode): TreeItem {
    if (node.kind === 'note') return noteItem(node)
    if (node.kind === 'appGroup') return appGroupItem(node)
    if (node.kind === 'connectorGroup') return connectorGroupItem(node)
    if (node.kind === 'connector') return connectorItem(node)
    return node.kind === 'app' ? appItem(node) : appPartItem(node)
  }

  resolveTreeItem(item: TreeItem, node: AppTreeNode): TreeItem {
    if (node.kind === 'connector') item.tooltip = tooltip(node.connector.name, connectorLines(node.connector))
    if (node.kind === 'app')
      item.tooltip = tooltip(node.row.name, [...appLines(node.row), ...errorLines(node)])
    return item
  }

  dispose(): Promise<void> {
    clearInterval(this.#timer)
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  async #roots(): Promise<AppTreeNode[]> {
    await this.#model.settled(startPatienceMs)
    if (this.#picture === 'waiting') await this.#firstPicture()
    this.#drawn = this.#picture
    if (this.#drawn === 'waiting') return [waitingNote('apps')]
    if (this.#drawn !== 'apps') return []
    const groups = this.#groups()
    const apps =
      groups === null
        ? this.#rows.nodes
        : groups.map((group): AppFolderGroupNode => ({ kind: 'appGroup', group }))
    return [...apps, ...(this.#own.connectors.length === 0 ? [] : [this.#own])]
  }

  /** Null where there is one folder to speak of. */
  #groups(): readonly AppFolder[] | null {
    const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file')
    const rows = this.#model.snapshot('apps')?.rows ?? []
    return appFolders(
      rows,
      folders.map(({ name, uri }) => ({ name, folder: uri.fsPath })),
    )
  }

  /** Settles with the first picture, or when waiting for it would keep the view empty for too long. */
  #firstPicture(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        void watch.dispose()
        resolve()
      }
      const timer = setTimeout(end, startPatienceMs)
      const watch = this.#model.onChanged((topic) => void (topic === 'apps' && end()))
    })
  }

  get #picture(): Picture {
    if (this.#model.snapshot('apps') !== undefined) return 'apps'
    return this.#model.state.kind === 'connected' ? 'waiting' : 'none'
  }

  /** Draws what is new, and only that. */
  #redraw(): void {
    const rows = this.#model.snapshot('apps')?.rows
    const jobs = this.#model.snapshot('jobs')
    const health = this.#model.snapshot('health')
    const change = this.#rows.update((rows ?? []).map((row) => this.#asRow(row, jobs, health)))
    const before = this.#own.connectors
    this.#own.connectors = this.#ofApp(null)
    const isOwnNew = JSON.stringify(before) !== JSON.stringify(this.#own.connectors)
    const cameOrWent = (before.length === 0) !== (this.#own.connectors.length === 0)
    void commands.executeCommand('setContext', 'quantumAdmin.apps.empty', rows?.length === 0)
    this.#count(rows, health?.incidents)
    // The first picture and the last one change the whole tree from or to a welcome view.
    // What one app is, its folder may be.
    const isFolderNew = change.length > 0 && this.#groups() !== null
    if (change === 'rows' || cameOrWent || isFolderNew || this.#picture !== this.#drawn)
      this.#changed.fire(undefined)
    else if (change.length > 0 || isOwnNew) this.#changed.fire([...change, ...(isOwnNew ? [this.#own] : [])])
  }

  /** Of one app, or a person's own. */
  #ofApp(app: string | null): readonly ConnectorRow[] {
    return (this.#model.snapshot('connectors')?.rows ?? []).filter((row) => row.app === app)
  }

  /**
   * Says on the view's icon how many incidents are open, and how many apps failed that none tells of. While nobody looks, the
   * last number stays.
   */
  #count(rows: readonly AppRow[] | undefined, open: readonly IncidentRow[] | undefined): void {
    if ((rows === undefined || open === undefined) && this.#model.state.kind === 'connected') return
    const incidents = open ?? []
    const failed = (rows ?? []).filter(
      ({ name, state }) => state === 'failed' && incidents.every(({ app }) => app !== name),
    ).length
    const tooltip = [
      ...(incidents.length === 0 ? [] : [openIncidentsWord(incidents.length)]),
      ...(failed === 0 ? [] : [failed === 1 ? l10n.t('1 app failed') : l10n.t('{0} apps failed', failed)]),
    ].join(', ')
    const value = incidents.length + failed
    this.#view.badge = value === 0 ? undefined : { value, tooltip }
  }

  /** The number of failed apps is seen in every window in use, the apps only where the view is open. */
  #look(): void {
    const { visible } = this.#view
    const wanted = visible || window.state.focused
    if (wanted !== (this.#interest !== undefined)) {
      const before = this.#interest
      this.#interest = wanted ? this.#model.want(drawn) : undefined
      void before?.dispose()
    }
    this.#errors.look(visible)
    if (visible === (this.#timer !== undefined)) return
    clearInterval(this.#timer)
    this.#timer = visible ? setInterval(() => this.#lookAgain(), lookAgainMs) : undefined
  }

  #lookAgain(): void {
    this.#model.refresh(drawn)
    this.#errors.refresh()
    this.#redraw()
  }

  #asRow(
    row: AppRow,
    jobs: JobsSnapshot | undefined,
    health: HealthSnapshot | undefined,
  ): { readonly id: string; readonly look: string; readonly node: AppNode } {
    const of = ({ app }: { readonly app: string }): boolean => app === row.name
    const node: AppNode = {
      kind: 'app',
      row,
      jobs: jobs?.jobs.filter(of) ?? [],
      tests: jobs?.tests.find(of) ?? null,
      connectors: this.#ofApp(row.name),
      errors: this.#errors.of(row.name),
      checks: health?.checks.filter(of) ?? [],
      incidents: health?.incidents.filter(of) ?? [],
    }
    return { id: row.name, look: lookOf(node), node }
  }
}

/** What the tree is made of. */
const drawn: readonly Topic[] = ['apps', 'jobs', 'connectors', 'health']

/** Everything of an app that is drawn. */
function lookOf(node: AppNode): string {
  const { description, contextValue, iconPath } = appItem(node)
  const { name, problems, url, containers, restartToApply } = node.row
  // What stands below it is drawn with it, and a hover that was shown is made anew.
  const below: unknown[] = [problems, url, containers, restartToApply]
  below.push(node.jobs, node.tests, node.connectors, node.errors, node.checks, node.incidents)
  // How long ago and in how long changes by itself.
  if (node.jobs.length > 0 || node.tests !== null) below.push(Math.floor(Date.now() / 60_000))
  return JSON.stringify([label(name), description, contextValue, iconPath, below])
}
