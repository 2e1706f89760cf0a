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
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { label } from '../display.ts'
import type { Model, SnapshotTopic } from '../model.ts'
import {
  containerFields,
  matches,
  portFields,
  portHoldings,
  processFields,
  processTree,
  type ProcessTree,
} from '../resources.ts'
import { containerItem } from './container-item.ts'
import { leaseItem } from './lease-item.ts'
import type { GroupNode, NoteNode, ResourceNode } from './nodes.ts'
import { engineNote, noLeaseNote, noteItem, nothingNote, waitingNote } from './notes.ts'
import { portItem } from './port-item.ts'
import { processItem } from './process-item.ts'

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
  readonly #changed = new EventEmitter<ResourceNode | undefined>()
  readonly #groups = topics.map((topic): GroupNode => ({ kind: 'group', topic }))
  readonly #view: TreeView<ResourceNode>
  #interest: Owned | undefined
  #filter = ''
  #flat: boolean
  #processes: ProcessTree = processTree([])
  readonly onDidChangeTreeData = this.#changed.event

  constructor(deps: ResourcesViewDeps) {
    this.#deps = deps
    this.#flat = deps.memory.get(flatKey, true)
    this.#view = this.#lifetime.own(
      window.createTreeView('quantumAdmin.resources', { treeDataProvider: this, showCollapseAll: true }),
    )
    this.#lifetime.own(this.#changed)
    this.#lifetime.own(this.#view.onDidChangeVisibility(({ visible }) => this.#look(visible)))
    this.#lifetime.own(deps.model.onState(() => this.#changed.fire(undefined)))
    this.#lifetime.own(deps.model.onChanged((topic) => this.#show(topic)))
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
    this.#changed.fire(undefined)
    this.#describe()
  }

  /** Shows processes as a list, else by parent. */
  async showFlat(flat: boolean): Promise<void> {
    this.#flat = flat
    await this.#deps.memory.update(flatKey, flat)
    await commands.executeCommand('setContext', flatKey, flat)
    this.#show('processes')
  }

  /** Draws one group again although its data is the same. */
  redraw(topic: SnapshotTopic): void {
    this.#show(topic)
  }

  getChildren(node?: ResourceNode): ResourceNode[] {
    if (node === undefined) return this.#hasPicture() ? [...this.#groups] : []
    if (node.kind === 'process' && !this.#isFlat())
      return this.#processes.childrenOf(node.row.pid).map((row) => ({ kind: 'process', row }))
    if (node.kind !== 'group') return []
    const children = this.#childrenOf(node.topic)
    return children ?? [waitingNote(node.topic)]
  }

  getTreeItem(node: ResourceNode): TreeItem {
    switch (node.kind) {
      case 'group':
        return this.#groupItem(node)
      case 'port':
        return opening(portItem(node), node)
      case 'process':
        return opening(
          processItem(node, !this.#isFlat() && this.#processes.childrenOf(node.row.pid).length > 0),
          node,
        )
      case 'container':
        return opening(containerItem(node, this.#deps.isFollowing(node.row.id)), node)
      case 'lease':
        return opening(leaseItem(node), node)
      case 'note':
        return noteItem(node)
    }
  }

  dispose(): Promise<void> {
    void this.#interest?.dispose()
    return this.#lifetime.dispose()
  }

  #hasPicture(): boolean {
    const { model } = this.#deps
    return model.state.kind === 'connected' || topics.some((topic) => model.snapshot(topic) !== undefined)
  }

  /** A list is easier to search than a tree whose branches are mostly hidden. */
  #isFlat(): boolean {
    return this.#flat || this.#filter !== ''
  }

  /** Undefined while there is no snapshot yet. */
  #childrenOf(topic: SnapshotTopic): ResourceNode[] | undefined {
    switch (topic) {
      case 'ports':
        return this.#ports()
      case 'processes':
        return this.#processNodes()
      case 'containers':
        return this.#containers()
      case 'leases':
        return this.#leases()
    }
  }

  #ports(): ResourceNode[] | undefined {
    const snapshot = this.#deps.model.snapshot('ports')
    return (
      snapshot &&
      this.#found(
        'ports',
        portHoldings(snapshot.rows)
          .filter((holding) => matches(this.#filter, portFields(holding)))
          .map((holding): ResourceNode => ({ kind: 'port', holding })),
      )
    )
  }

  #processNodes(): ResourceNode[] | undefined {
    const snapshot = this.#deps.model.snapshot('processes')
    if (snapshot === undefined) return undefined
    this.#processes = processTree(snapshot.rows)
    const rows = this.#isFlat()
      ? snapshot.rows.filter((row) => matches(this.#filter, processFields(row)))
      : this.#processes.roots
    return this.#found(
      'processes',
      rows.map((row) => ({ kind: 'process', row })),
    )
  }

  #containers(): ResourceNode[] | undefined {
    const snapshot = this.#deps.model.snapshot('containers')
    if (snapshot === undefined) return undefined
    if (snapshot.engine.state !== 'connected') return [engineNote(snapshot.engine)]
    return this.#found(
      'containers',
      snapshot.rows
        .filter((row) => matches(this.#filter, containerFields(row)))
        .map((row) => ({ kind: 'container', row })),
    )
  }

  #leases(): ResourceNode[] | undefined {
    const snapshot = this.#deps.model.snapshot('leases')
    if (snapshot === undefined) return undefined
    if (snapshot.rows.length === 0) return [noLeaseNote()]
    return this.#found(
      'leases',
      snapshot.rows
        .filter(({ name, kind, port, process }) => matches(this.#filter, [name, kind, `:${port}`, process]))
        .map((lease) => ({ kind: 'lease', lease })),
    )
  }

  #found(topic: SnapshotTopic, nodes: readonly ResourceNode[]): ResourceNode[] {
    return nodes.length === 0 ? [nothingNote(topic, this.#filter !== '')] : [...nodes]
  }

  #groupItem({ topic }: GroupNode): TreeItem {
    const names: Readonly<Record<SnapshotTopic, string>> = {
      ports: l10n.t('Ports'),
      processes: l10n.t('Processes'),
      containers: l10n.t('Containers'),
      leases: l10n.t('Leases'),
    }
    const expanded = topic === 'ports' || this.#filter !== ''
    const item = new TreeItem(
      names[topic],
      expanded ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed,
    )
    // Another id makes VS Code open the groups when a filter begins and close them again after it.
    item.id = `group:${topic}${this.#filter === '' ? '' : ':filtered'}`
    item.contextValue = `group ${topic}`
    const count = this.#count(topic)
    if (count !== undefined) item.description = count
    item.accessibilityInformation = { label: `${names[topic]} ${count ?? ''}` }
    return item
  }

  #count(topic: SnapshotTopic): string | undefined {
    const all = this.#total(topic)
    if (all === undefined) return undefined
    if (this.#filter === '') return String(all)
    const shown = this.#childrenOf(topic)?.filter((node) => node.kind !== 'note').length ?? 0
    return l10n.t('{0} of {1}', shown, all)
  }

  #total(topic: SnapshotTopic): number | undefined {
    const { model } = this.#deps
    if (topic === 'ports') {
      const rows = model.snapshot('ports')?.rows
      return rows && portHoldings(rows).length
    }
    const engine = model.snapshot('containers')?.engine
    if (topic === 'containers' && engine?.state !== 'connected') return undefined
    return model.snapshot(topic)?.rows.length
  }

  #show(topic: string): void {
    const group = this.#groups.find((one) => one.topic === topic)
    if (group === undefined) return
    // The first picture and the last one change the whole tree from or to a welcome view.
    this.#changed.fire(this.#hasPicture() ? group : undefined)
    if (this.#filter !== '') this.#describe()
  }

  /** Says in the view what hides part of it; an empty message lets the welcome views be seen. */
  #describe(): void {
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

/** Enter and a click show what is known about an entry. */
function opening(item: TreeItem, node: Exclude<ResourceNode, GroupNode | NoteNode>): TreeItem {
  item.command = { command: 'quantumAdmin.showDetails', title: l10n.t('Show Details'), arguments: [node] }
  return item
}
