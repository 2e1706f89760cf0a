import type { LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, ProcessRow } from '#contract/resources.ts'
import type { Pickers } from '../pickers.ts'
import type { PortHolding } from '../resources.ts'
import { isResourceNode } from '../views/nodes.ts'

/** What a command was called on: the node of the tree, else what the person picks. */
export class Targets {
  readonly #pickers: Pickers

  constructor(pickers: Pickers) {
    this.#pickers = pickers
  }

  port(node: unknown, title: string, only?: (holding: PortHolding) => boolean): Promise<PortHolding> {
    if (isResourceNode(node) && node.kind === 'port') return Promise.resolve(node.holding)
    return this.#pickers.port(title, only)
  }

  process(node: unknown, title: string): Promise<ProcessRow> {
    if (isResourceNode(node) && node.kind === 'process') return Promise.resolve(node.row)
    return this.#pickers.process(title)
  }

  container(node: unknown, title: string, only?: (row: ContainerRow) => boolean): Promise<ContainerRow> {
    if (isResourceNode(node) && node.kind === 'container') return Promise.resolve(node.row)
    return this.#pickers.container(title, only)
  }

  lease(node: unknown, title: string): Promise<LeaseStatus> {
    if (isResourceNode(node) && node.kind === 'lease') return Promise.resolve(node.lease)
    return this.#pickers.lease(title)
  }
}
