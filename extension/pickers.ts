import { l10n, window, type QuickPickItem } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { JobRow, RunRow, TestsRow } from '#contract/jobs.ts'
import type { LeaseStatus } from '#contract/leases.ts'
import type { ContainerRow, ProcessRow } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import { moment, withoutIcons } from './display.ts'
import { incidentStateWord } from './health.ts'
import type { Model } from './model.ts'
import { portHoldings, type PortHolding } from './resources.ts'
import { outcomeText, runTitle } from './runs.ts'
import { appStateWord } from './views/app-item.ts'
import { connectorStatusWord } from './views/connector-item.ts'
import { leaseStateWord } from './views/lease-item.ts'
import { holderOf, portTitle } from './views/port-item.ts'
import { stateWord } from './views/container-item.ts'

interface Choice<T> extends QuickPickItem {
  readonly value: T
}

/** What stands above the rows to pick from. */
export interface Asking {
  readonly title: string
  /** Why it is asked at all, where that is not plain. */
  readonly placeHolder?: string
}

/** Asks for one of the rows. @throws Failure `cancelled` when none was picked. */
async function pick<T>(
  asking: Asking,
  load: () => Promise<readonly Choice<T>[]>,
  nothing: string,
): Promise<T> {
  const choices = load().then((found) => {
    if (found.length === 0) throw new Failure('not-found', nothing)
    return found
  })
  const options = { ...asking, matchOnDescription: true, matchOnDetail: true, ignoreFocusOut: true }
  const choice = await window.showQuickPick(choices, options)
  // The quick pick closes without a word when loading fails, so the reason is taken from here.
  await choices
  if (choice === undefined) throw new Failure('cancelled', 'Nothing was picked')
  return choice.value
}

const choice = <T>(value: T, label: string, description: string, detail: string | null): Choice<T> => ({
  value,
  label: withoutIcons(label),
  description: withoutIcons(description),
  ...(detail === null ? {} : { detail: withoutIcons(detail, 300) }),
})

/** Asks for rows when a command comes without its row, as from the palette. */
export class Pickers {
  readonly #model: Model

  constructor(model: Model) {
    this.#model = model
  }

  port(asking: Asking, only: (holding: PortHolding) => boolean = () => true): Promise<PortHolding> {
    return pick(
      asking,
      async () =>
        portHoldings((await this.#model.query('ports.list', {})).rows)
          .filter(only)
          .map((holding) => choice(holding, portTitle(holding), holderOf(holding), holding.row.cwd)),
      l10n.t('No port is open'),
    )
  }

  process(asking: Asking): Promise<ProcessRow> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('processes.list', {})).rows.map((row) =>
          choice(row, row.name, String(row.pid), row.command),
        ),
      l10n.t('No process is visible'),
    )
  }

  container(asking: Asking, only: (row: ContainerRow) => boolean = () => true): Promise<ContainerRow> {
    return pick(
      asking,
      async () => {
        const { rows, engine } = await this.#model.query('containers.list', {})
        if (engine.state !== 'connected')
          throw new Failure('engine-unavailable', engine.reason ?? l10n.t('No container engine was found'))
        return rows.filter(only).map((row) => choice(row, row.name, stateWord(row), row.image))
      },
      l10n.t('There is no container for this'),
    )
  }

  /** The container of an id. @throws Failure `not-found` when it is gone. */
  async knownContainer(id: string): Promise<ContainerRow> {
    const { rows } = await this.#model.query('containers.list', {})
    const row = rows.find((one) => one.id === id)
    if (row !== undefined) return row
    throw new Failure('not-found', `There is no container ${id.slice(0, 12)} any more`)
  }

  app(asking: Asking, only: (row: AppRow) => boolean = () => true): Promise<AppRow> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('apps.list', {})).rows
          .filter(only)
          .map((row) => choice(row, row.name, appStateWord(row.state), row.folder)),
      l10n.t('There is no app for this'),
    )
  }

  /** The name of an app; null for all of them. */
  appOrAll(asking: Asking): Promise<string | null> {
    return pick<string | null>(
      asking,
      async () => [
        choice<string | null>(null, l10n.t('All apps'), '', null),
        ...(await this.#model.query('apps.list', {})).rows.map((row) =>
          choice<string | null>(row.name, row.name, appStateWord(row.state), row.folder),
        ),
      ],
      l10n.t('There is no app for this'),
    )
  }

  job(asking: Asking): Promise<JobRow> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('jobs.list', {})).rows.map((row) =>
          choice(row, runTitle(row), row.schedule ?? '', row.command),
        ),
      l10n.t('No app has a job'),
    )
  }

  tests(asking: Asking): Promise<TestsRow> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('tests.list', {})).rows.flatMap((row) =>
          row.command === null ? [] : [choice(row, row.app, row.command.value, row.command.where)],
        ),
      l10n.t('No app has tests'),
    )
  }

  run(asking: Asking, only: (row: RunRow) => boolean = () => true): Promise<RunRow> {
    return pick(
      asking,
      async () => {
        const [jobs, tests] = await Promise.all([
          this.#model.query('jobs.history', {}),
          this.#model.query('tests.history', {}),
        ])
        return [...jobs, ...tests]
          .filter(only)
          .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
          .map((row) => choice(row, runTitle(row), outcomeText(row), row.reason))
      },
      l10n.t('There is no run for this'),
    )
  }

  connector(asking: Asking, only: (row: ConnectorRow) => boolean = () => true): Promise<ConnectorRow> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('connectors.list', {})).rows
          .filter(only)
          .map((row) =>
            choice(
              row,
              row.name,
              [row.app, connectorStatusWord(row.status)].filter(Boolean).join(' · '),
              row.address,
            ),
          ),
      l10n.t('There is no connector for this'),
    )
  }

  incident(asking: Asking, only: (row: IncidentRow) => boolean = () => true): Promise<IncidentRow> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('incidents.list', {})).rows
          .filter(only)
          .map((row) => choice(row, `#${row.number} ${row.app}`, incidentStateWord(row), row.cause)),
      l10n.t('There is no incident for this'),
    )
  }

  secret(asking: Asking): Promise<string> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('secrets.list', {})).rows.map(({ name, changedAt }) =>
          choice(name, name, l10n.t('changed {0}', moment(changedAt)), null),
        ),
      l10n.t('There is no secret'),
    )
  }

  /** @throws Failure `not-found` when the daemon knows no app of this name. */
  async appNamed(name: string): Promise<AppRow> {
    const { rows } = await this.#model.query('apps.list', {})
    const row = rows.find((one) => one.name === name)
    if (row === undefined) throw new Failure('not-found', `There is no app ${name}`)
    return row
  }

  lease(asking: Asking): Promise<LeaseStatus> {
    return pick(
      asking,
      async () =>
        (await this.#model.query('leases.list', {})).rows.map((lease) =>
          choice(lease, lease.name, `:${lease.port} ${lease.kind}`, leaseStateWord(lease)),
        ),
      l10n.t('No port is leased'),
    )
  }
}
