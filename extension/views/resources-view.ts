import {
  commands,
  EventEmitter,
  l10n,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  type Memento,
  type TreeDataProvider,
  type TreeView,
} from 'vscode'
import { Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { label } from '../display.ts'
import { startPatienceMs, type Model } from '../model.ts'
import type { GroupNode, ResourceNode, ResourceTopic } from './nodes.ts'
import { noteItem } from './notes.ts'
import { ResourceGroups } from './resource-groups.ts'

const topics = ['ports', 'processes', 'containers', 'leases'] as const
const flatKey = 'quantumAdmin.processes.flat'

export interface ResourcesViewDeps {
  readonly model: Model
  /** Remembers how processes are shown. */
  readonly memory: Memento
  readonly isFollowing: (containerId: string) => boolean
}

/** The tree of ports, processes, containers and leases. It shows the model's snapshots and nothing else. */
export class ResourcesView implements TreeDataProvider<ResourceNode>, Owned {
  readonly #deps: ResourcesViewDeps
  readonly #lifetime = new Lifetime()
  readonly #changed = new EventEmitter<ResourceNode | ResourceNode[] | undefined>()
  readonly #groups: ResourceGroups
  readonly #groupNodes = topics.map((topic): GroupNode => ({ kind: 'group', topic }))
  readonly #view: TreeView<ResourceNode>
  #interest: Owned | undefined
  #filter = ''
  #flat: boolean
  #drawn = false
  readonly #frames = new Map<ResourceTopic, string>()
  readonly onDidChangeTreeData = this.#changed.event

  constructor(deps: ResourcesViewDeps) {
    this.#deps = deps
    this.#flat = deps.memory.get(flatKey, true)
    this.#groups = new ResourceGroups(deps.model, () => ({
      filter: this.#filter,
      flat: this.#flat,
      isFollowing: deps.isFollowing,
    }))
    this.#view = this.#lifetime.own(
      window.createTreeView('quantumAdmin.resources', { treeDataProvider: this }),
    )
    this.#lifetime.own(this.#changed)
    this.#lifetime.own(this.#view.onDidChangeVisibility(({ visible }) => this.#look(visible)))
    this.#lifetime.own(deps.model.onState(() => this.#drawn === this.#hasPicture() || this.#drawAll()))
    this.#lifetime.own(deps.model.onChanged((topic) => isTopic(topic) && this.redraw(topic)))
    this.#look(this.#view.visible)
    void commands.executeCommand('setContext', flatKey, this.#flat)
  }

  /** What is selected, for keys that act on it. */
  get selected(): ResourceNode | undefined {
    return this.#view.selection[0]
  }

  get filter(): string {
    return this.#filter
  }

  set filter(text: string) {
    this.#filter = text.trim()
    void commands.executeCommand('setContext', 'quantumAdmin.resources.filtered', this.#filter !== '')
    for (const topic of topics) this.#groups.update(topic)
    this.#drawAll()
  }

  /** Shows processes as a list, else by parent. */
  async showFlat(flat: boolean): Promise<void> {
    this.#flat = flat
    await this.#deps.memory.update(flatKey, flat)
    await commands.executeCommand('setContext', flatKey, flat)
    this.#groups.update('processes')
    this.#changed.fire(this.#groupNodes.find(({ topic }) => topic === 'processes'))
  }

  /** Draws what is new in a group, and only that. */
  redraw(topic: ResourceTopic): void {
    const change = this.#groups.update(topic)
    const group = this.#groupNodes.find((one) => one.topic === topic)
    // The first picture and the last one change the whole tree from or to a welcome view.
    if (this.#drawn !== this.#hasPicture()) this.#drawAll()
    else if (change === 'rows' || this.#frameOf(topic) !== this.#frames.get(topic)) this.#changed.fire(group)
    else if (change.length > 0) this.#changed.fire([...change])
    this.#frames.set(topic, this.#frameOf(topic))
  }

  getChildren(node?: ResourceNode): ResourceNode[] | Promise<ResourceNode[]> {
    if (node === undefined) return this.#roots()
    if (node.kind === 'process') return [...this.#groups.childrenOfProcess(node.row)]
    return node.kind === 'group' ? [...this.#groups.childrenOf(node.topic)] : []
  }

  /** VS Code asks for it to show a row that somebody wants to see. */
  getParent(node: ResourceNode): ResourceNode | undefined {
    return this.#groupNodes.find(({ topic }) => `${node.kind}s` === topic)
  }

  /** Shows a row, by its id in the tree. A filter that hides it goes. @throws Failure `not-found` when it is gone. */
  async reveal(topic: ResourceTopic, id: string): Promise<void> {
    if (this.#groups.nodeOf(topic, id) === undefined && this.#filter !== '') this.filter = ''
    const node = this.#groups.nodeOf(topic, id)
    if (node === undefined) throw new Failure('not-found', 'What was to be shown is gone')
    await this.#view.reveal(node, { select: true, focus: true })
  }

  getTreeItem(node: ResourceNode): TreeItem {
    if (node.kind === 'group') return this.#groupItem(node)
    if (node.kind === 'note') return noteItem(node)
    const item = this.#groups.itemOf(node)
    // VS Code remembers by id that a list has no branches, and would keep those of a tree closed.
    if (node.kind === 'process' && !this.#flat) item.id = `${item.id}:tree`
    // Enter and a click show what is known about an entry.
    item.command = { command: 'quantumAdmin.showDetails', title: l10n.t('Show Details'), arguments: [node] }
    return item
  }

  resolveTreeItem(item: TreeItem, node: ResourceNode): TreeItem {
    const shown = this.#groups.tooltipOf(node)
    if (shown !== undefined) item.tooltip = shown
    return item
  }

  dispose(): Promise<void> {
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  async #roots(): Promise<ResourceNode[]> {
    await this.#deps.model.settled(startPatienceMs)
    this.#drawn = this.#hasPicture()
    return this.#drawn ? [...this.#groupNodes] : []
  }

  /** What a group shows besides its rows. */
  #frameOf(topic: ResourceTopic): string {
    const notes = this.#groups
      .childrenOf(topic)
      .flatMap((node) => (node.kind === 'note' ? [node.tooltip] : []))
    return `${this.#groups.count(topic)} ${notes.join()}`
  }

  #hasPicture(): boolean {
    const { model } = this.#deps
    return model.state.kind === 'connected' || topics.some((topic) => model.snapshot(topic) !== undefined)
  }

  #groupItem({ topic }: GroupNode): TreeItem {
    const names: Readonly<Record<ResourceTopic, string>> = {
      ports: l10n.t('Ports'),
      processes: l10n.t('Processes'),
      containers: l10n.t('Containers'),
      leases: l10n.t('Leases'),
    }
    const filtered = this.#filter !== ''
    const expanded = topic === 'ports' || filtered
    const item = new TreeItem(
      names[topic],
      expanded ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed,
    )
    // Another id makes VS Code open the groups when a filter begins and close them again after it.
    item.id = `group:${topic}${filtered ? ':filtered' : ''}`
    item.contextValue = `group ${topic}`
    const count = this.#groups.count(topic)
    if (count !== undefined) item.description = String(count)
    item.accessibilityInformation = { label: `${names[topic]} ${item.description ?? ''}` }
    return item
  }

  #drawAll(): void {
    this.#changed.fire(undefined)
    // Says in the view what hides part of it; an empty message lets the welcome views be seen.
    this.#view.message =
      this.#filter === '' || !this.#hasPicture()
        ? ''
        : l10n.t('Only what contains “{0}” is shown.', label(this.#filter))
  }

  #look(visible: boolean): void {
    const before = this.#interest
    this.#interest = visible ? this.#deps.model.want(topics) : undefined
    void before?.dispose()
  }
}

const isTopic = (topic: string): topic is ResourceTopic => topics.some((one) => one === topic)
