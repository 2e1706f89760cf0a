import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { StatePaths } from '#base/state-paths.ts'
import type { PortRow } from '#contract/resources.ts'
import { ChildProber } from './adapters/connectors/child-prober.ts'
import { replaceFileAside } from './adapters/files/write-file.ts'
import { FileKeys } from './adapters/secrets/file-keys.ts'
import { FileVault } from './adapters/secrets/file-vault.ts'
import { keychainOf, wantsKeychain } from './adapters/secrets/keychain.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import { ConnectorsService } from './capabilities/connectors/connectors-service.ts'
import { ConnectorsStore } from './capabilities/connectors/connectors-store.ts'
import type { ResourcesService } from './capabilities/resources/resources-service.ts'
import { SecretsService } from './capabilities/secrets/secrets-service.ts'
import { withoutValues } from './capabilities/secrets/without-values.ts'
import type { Store } from './store/open.ts'

export interface ConnectorsSurroundings {
  readonly store: Store
  readonly instance: string
  readonly resources: ResourcesService
  readonly apps: AppsService
  readonly report: (error: unknown) => void
}

/** Secrets, which need nothing of anybody. */
export function wireSecrets(lifetime: Lifetime, paths: StatePaths): SecretsService {
  const vault = new FileVault({
    file: paths.secrets,
    fileKeys: new FileKeys(paths.home, replaceFileAside),
    keychain: keychainOf(process.env),
    wantsKeychain: wantsKeychain(process.env),
    replaceFile: replaceFileAside,
    newId: randomId,
  })
  return lifetime.own(new SecretsService({ vault, clock: systemClock }))
}

/** Puts the connectors together with what they need of apps, of the machine and of secrets. */
export function wireConnectors(
  lifetime: Lifetime,
  secrets: SecretsService,
  { store, instance, resources, apps, report }: ConnectorsSurroundings,
): ConnectorsService {
  const connectors = lifetime.own(
    new ConnectorsService({
      store: new ConnectorsStore(store),
      prober: new ChildProber([process.execPath, process.argv[1] ?? '', 'probe']),
      clock: systemClock,
      instance,
      datasources: () => apps.datasources(),
      secret: (name) => secrets.value(name),
      secretChangedAt: (name) => secrets.changedAt(name),
      withoutSecrets: (text, values) => withoutValues(secrets.hide(text), values),
      holderOf: async (port) => holderOf((await resources.ports()).rows, port),
      report,
      environment: process.env,
    }),
  )
  lifetime.own(secrets.changed.on(() => void connectors.look()))
  lifetime.own(apps.changed.on(() => void connectors.look()))
  return connectors
}

function holderOf(rows: readonly PortRow[], port: number): string | null {
  const row = rows.find((one) => one.port === port && one.protocol === 'tcp')
  if (row === undefined) return null
  if (row.container !== null) return `the container ${row.container.name}`
  return row.pid === null ? null : `${row.process ?? 'a process'} (pid ${row.pid})`
}
