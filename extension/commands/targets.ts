import { l10n } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { CheckRow, IncidentRow } from '#contract/health.ts'
import type { JobRow, RunRow, TestsRow } from '#contract/jobs.ts'
import type { LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, ProcessRow } from '#contract/resources.ts'
import type { Asking, Pickers } from '../pickers.ts'
import type { PortHolding } from '../resources.ts'
import { currentRun } from '../runs.ts'
import {
  isAppContainerNode,
  isAppNode,
  isConnectorNode,
  type AppNode,
  type AppPartNode,
} from '../views/app-nodes.ts'
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
    if (isAppContainerNode(node)) return this.#pickers.knownContainer(node.container.id)
    return this.#pickers.container(asking(node, title), only)
  }

  /** A part of an app, such as its address, stands for the app; so does its name, as `{ app }`. */
  app(node: unknown, title: string, only?: (row: AppRow) => boolean): Promise<AppRow> {
    if (isAppNode(node)) return Promise.resolve(node.row)
    const name = appNameOf(node)
    if (name !== null) return this.#pickers.appNamed(name)
    return this.#pickers.app(asking(node, title), only)
  }

  /** The name of an app; null when all of them are meant. */
  async appOrAll(node: unknown, title: string): Promise<string | null> {
    if (isAppNode(node)) return node.row.name
    return appNameOf(node) ?? this.#pickers.appOrAll(asking(node, title))
  }

  job(node: unknown, title: string): Promise<JobRow> {
    if (isAppNode(node) && node.kind === 'appJob') return Promise.resolve(node.job)
    return this.#pickers.job(asking(node, title))
  }

  tests(node: unknown, title: string): Promise<TestsRow> {
    if (isAppNode(node) && node.kind === 'appTests') return Promise.resolve(node.tests)
    return this.#pickers.tests(asking(node, title))
  }

  /** Of a job or of tests: the run that goes on, else the last one. */
  run(node: unknown, title: string, only?: (row: RunRow) => boolean): Promise<RunRow> {
    const run = isAppNode(node) ? runOf(node) : null
    return run === null ? this.#pickers.run(asking(node, title), only) : Promise.resolve(run)
  }

  connector(node: unknown, title: string, only?: (row: ConnectorRow) => boolean): Promise<ConnectorRow> {
    if (isConnectorNode(node)) return Promise.resolve(node.connector)
    return this.#pickers.connector(asking(node, title), only)
  }

  /** Of a check that one; of an app, or the group of its checks, all of them. */
  async checks(node: unknown, title: string): Promise<Pick<CheckRow, 'app'> & Partial<CheckRow>> {
    if (isAppNode(node) && node.kind === 'appCheck') return node.check
    return { app: (await this.app(node, title)).name }
  }

  incident(node: unknown, title: string, only?: (row: IncidentRow) => boolean): Promise<IncidentRow> {
    if (isAppNode(node) && node.kind === 'appIncident') return Promise.resolve(node.incident)
    const [first] = isAppNode(node) && node.kind === 'app' ? node.incidents : []
    return first === undefined ? this.#pickers.incident(asking(node, title), only) : Promise.resolve(first)
  }

  secret(title: string): Promise<string> {
    return this.#pickers.secret({ title })
  }

  lease(node: unknown, title: string): Promise<LeaseStatus> {
    if (isResourceNode(node) && node.kind === 'lease') return Promise.resolve(node.lease)
    return this.#pickers.lease(asking(node, title))
  }
}

function runOf(node: AppNode | AppPartNode): RunRow | null {
  if (node.kind === 'appJob') return currentRun(node.job)
  return node.kind === 'appTests' ? (node.tests.running ?? node.tests.lastRun) : null
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
