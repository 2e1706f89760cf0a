import { l10n } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, ProcessRow } from '#contract/resources.ts'
import type { Asking, Pickers } from '../pickers.ts'
import type { PortHolding } from '../resources.ts'
import { isAppNode } from '../views/app-nodes.ts'
import { isResourceNode } from '../views/nodes.ts'
import { lostRow } from './register.ts'

/** What a command was called on: the node of the tree, else what the person picks. */
export class Targets {
  readonly #pickers: Pickers

  constructor(pickers: Pickers) {
    this.#pickers = pickers
  }

  port(node: unknown, title: string, only?: (holding: PortHolding) => boolean): Promise<PortHolding> {
    if (isResourceNode(node) && node.kind === 'port') return Promise.resolve(node.holding)
    return this.#pickers.port(asking(node, title), only)
  }

  process(node: unknown, title: string): Promise<ProcessRow> {
    if (isResourceNode(node) && node.kind === 'process') return Promise.resolve(node.row)
    return this.#pickers.process(asking(node, title))
  }

  container(node: unknown, title: string, only?: (row: ContainerRow) => boolean): Promise<ContainerRow> {
    if (isResourceNode(node) && node.kind === 'container') return Promise.resolve(node.row)
    return this.#pickers.container(asking(node, title), only)
  }

  /** A part of an app, such as its address, stands for the app; so does its name, as `{ app }`. */
  app(node: unknown, title: string, only?: (row: AppRow) => boolean): Promise<AppRow> {
    if (isAppNode(node)) return Promise.resolve(node.row)
    const name = appNameOf(node)
    if (name !== null) return this.#pickers.appNamed(name)
    return this.#pickers.app(asking(node, title), only)
  }

  lease(node: unknown, title: string): Promise<LeaseStatus> {
    if (isResourceNode(node) && node.kind === 'lease') return Promise.resolve(node.lease)
    return this.#pickers.lease(asking(node, title))
  }
}

/** Of what a key binding or a link in a file gives a command. */
const appNameOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'app' in value && typeof value.app === 'string'
    ? value.app
    : null

/** What stands above rows to pick from when a command came without one, or with one that is gone. */
export const asking = (node: unknown, title: string): Asking =>
  node === lostRow
    ? { title, placeHolder: l10n.t('The list changed just as you clicked. Choose here instead.') }
    : { title }
