import { leaseKinds, type Lease, type LeaseKind } from '#contract/leases.ts'
import { Failure } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Appender } from '../../store/appender.ts'
import type { Store } from '../../store/open.ts'

/** A lease to be kept, and the change it is made by. */
export interface NewLease {
  readonly change: Change
  readonly lease: Lease
}

/** Leases as rows. The database refuses a second lease of a name or of a port. */
export class LeasesStore {
  readonly #store: Store
  readonly #append: Appender

  constructor(store: Store) {
    this.#store = store
    this.#append = store.appender('leases', ['name', 'kind', 'port', 'created_at'])
  }

  /** In the order of their ports. */
  async list(): Promise<readonly Lease[]> {
    const rows = await this.#store.kysely.selectFrom('leases').selectAll().orderBy('port').execute()
    return rows.map(({ name, kind, port, created_at }) => ({
      name,
      kind: kindOf(kind, this.#store.file),
      port,
      createdAt: created_at,
    }))
  }

  /** Adds all or none; settles when they are durable. @throws Failure `conflict`, `store-unavailable`. */
  add(leases: readonly NewLease[]): Promise<void> {
    return this.#append(leases.map(({ lease }) => [lease.name, lease.kind, lease.port, lease.createdAt]))
  }

  /** Settles when it is durable. */
  async remove(_change: Change, name: string): Promise<void> {
    await this.#store.kysely.deleteFrom('leases').where('name', '=', name).execute()
  }
}

function kindOf(kind: string, file: string): LeaseKind {
  const known = leaseKinds.find((candidate) => candidate === kind)
  if (known) return known
  throw new Failure(
    'store-damaged',
    `The store ${file} holds a lease of the unknown kind ${JSON.stringify(kind)}`,
  )
}
