import type { MarkdownString, TreeItem } from 'vscode'
import type { ProcessRow } from '#contract/resources.ts'
import type { Model } from '../model.ts'
import {
  byInterest,
  containerFields,
  matches,
  portFields,
  portHoldings,
  processFields,
  processTree,
  type ProcessTree,
} from '../resources.ts'
import { containerItem, containerLines } from './container-item.ts'
import { GroupRows, type RowsChange } from './group-rows.ts'
import { leaseItem, leaseLines } from './lease-item.ts'
import type { ResourceNode, ResourceTopic } from './nodes.ts'
import { engineNote, noLeaseNote, nothingNote, waitingNote } from './notes.ts'
import { portItem, portTooltip } from './port-item.ts'
import { processItem, processLines } from './process-item.ts'
import { tooltip } from './tooltip.ts'

/** How the groups are shown. */
export interface Showing {
  readonly filter: string
  /** Processes as a list, else by parent. */
  readonly flat: boolean
  readonly isFollowing: (containerId: string) => boolean
}

/** What stands in the four groups, made from the model's snapshots. */
export class ResourceGroups {
  readonly #model: Model
  readonly #showing: () => Showing
  readonly #rows: Readonly<Record<ResourceTopic, GroupRows>> = {
    ports: new GroupRows(),
    processes: new GroupRows(),
    containers: new GroupRows(),
    leases: new GroupRows(),
  }
  #tree: ProcessTree = processTree([])

  constructor(model: Model, showing: () => Showing) {
    this.#model = model
    this.#showing = showing
  }

  /** Takes in the newest snapshot of a group. */
  update(topic: ResourceTopic): RowsChange {
    const nodes = this.#found(topic)
    return this.#rows[topic].update(
      nodes.map((node) => {
        const { id = '', label, description, contextValue, iconPath } = this.itemOf(node)
        return { id, node, look: JSON.stringify([label, description, contextValue, iconPath]) }
      }),
    )
  }

  /** The rows at the top of a group, or a note that says why there are none. */
  childrenOf(topic: ResourceTopic): readonly ResourceNode[] {
    const snapshot = this.#model.snapshot(topic)
    if (snapshot === undefined) return [waitingNote(topic)]
    const engine = this.#model.snapshot('containers')?.engine
    if (topic === 'containers' && engine !== undefined && engine.state !== 'connected')
      return [engineNote(engine)]
    const { nodes } = this.#rows[topic]
    if (nodes.length > 0)
      return topic === 'processes' && !this.#isFlat() ? this.#nodesOf(this.#tree.roots) : nodes
    return topic === 'leases' && snapshot.rows.length === 0
      ? [noLeaseNote()]
      : [nothingNote(topic, this.#showing().filter !== '')]
  }

  /** The node of a row that is shown, by its id in the tree. */
  nodeOf(topic: ResourceTopic, id: string): ResourceNode | undefined {
    return this.#rows[topic].node(id)
  }

  /** The processes that a process started. */
  childrenOfProcess(row: ProcessRow): readonly ResourceNode[] {
    return this.#isFlat() ? [] : this.#nodesOf(this.#tree.childrenOf(row.pid))
  }

  itemOf(node: ResourceNode): TreeItem {
    switch (node.kind) {
      case 'port':
        return portItem(node)
      case 'process':
        return processItem(node, this.childrenOfProcess(node.row).length > 0)
      case 'container':
        return containerItem(node, this.#showing().isFollowing(node.row.id))
      case 'lease':
        return leaseItem(node)
      case 'group':
      case 'note':
        throw new Error(`A ${node.kind} is not a row`)
    }
  }

  /** What a hover says; made when it is asked for, because most rows are never hovered. */
  tooltipOf(node: ResourceNode): MarkdownString | undefined {
    switch (node.kind) {
      case 'port':
        return portTooltip(node.holding)
      case 'process':
        return tooltip(node.row.name, processLines(node.row))
      case 'container':
        return tooltip(node.row.name, containerLines(node.row))
      case 'lease':
        return tooltip(node.lease.name, leaseLines(node.lease))
      case 'group':
      case 'note':
        return undefined
    }
  }

  /** How many rows are shown; undefined while that is not known. */
  count(topic: ResourceTopic): number | undefined {
    const snapshot = this.#model.snapshot(topic)
    if (snapshot === undefined || ('engine' in snapshot && snapshot.engine.state !== 'connected'))
      return undefined
    return this.#rows[topic].nodes.length
  }

  /** A list is easier to search than a tree whose branches are mostly hidden. */
  #isFlat(): boolean {
    const { flat, filter } = this.#showing()
    return flat || filter !== ''
  }

  #nodesOf(rows: readonly ProcessRow[]): readonly ResourceNode[] {
    return rows.flatMap((row) => this.#rows.processes.node(processId(row)) ?? [])
  }

  #found(topic: ResourceTopic): readonly ResourceNode[] {
    const { filter } = this.#showing()
    switch (topic) {
      case 'ports':
        return portHoldings(this.#model.snapshot('ports')?.rows ?? [])
          .filter((holding) => matches(filter, portFields(holding)))
          .map((holding) => ({ kind: 'port', holding }))
      case 'processes':
        return this.#processes(filter)
      case 'containers':
        return (this.#model.snapshot('containers')?.rows ?? [])
          .filter((row) => matches(filter, containerFields(row)))
          .map((row) => ({ kind: 'container', row }))
      case 'leases':
        return (this.#model.snapshot('leases')?.rows ?? [])
          .filter(({ name, kind, port, process }) => matches(filter, [name, kind, `:${port}`, process]))
          .map((lease) => ({ kind: 'lease', lease }))
    }
  }

  #processes(filter: string): readonly ResourceNode[] {
    const rows = [...(this.#model.snapshot('processes')?.rows ?? [])].sort(byInterest)
    this.#tree = processTree(rows)
    return rows.filter((row) => matches(filter, processFields(row))).map((row) => ({ kind: 'process', row }))
  }
}

const processId = (row: ProcessRow): string => `process:${row.pid}:${row.startedAt ?? ''}`
