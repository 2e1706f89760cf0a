import { isDeepStrictEqual } from 'node:util'
import type { Lease, LeaseKind, LeaseStatus } from '#contract/leases.ts'
import type { PortRow } from '#contract/resources.ts'
import type { Topic } from '#contract/system.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Change } from '../../kernel/execute.ts'
import { choosePort, existingLease, type LeaseRequest, type PortRange, type Situation } from './allocation.ts'
import type { LeaseHolders } from './lease-holders.ts'
import type { LeasesStore, NewLease } from './leases-store.ts'

export interface LeasesDeps {
  readonly store: LeasesStore
  readonly clock: Clock
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  /** Every port in use, by a socket or a published container port, looked at after this call. */
  readonly ports: () => Promise<readonly PortRow[]>
  readonly probe: Situation['probe']
  /** @throws Failure `settings-invalid`. */
  readonly range: (kind: LeaseKind) => PortRange
  readonly settingsPath: string
  readonly holders: LeaseHolders
  /** Told of what went wrong where nobody asked. */
  readonly report: (error: unknown) => void
}

interface Waiting {
  readonly change: Change
  readonly asked: LeaseRequest
  readonly settled: PromiseWithResolvers<Lease>
}

/** Gives ports to names, each to one. A lease is durable before it is answered. */
export class LeasesService implements Owned {
  readonly changed = new Emitter<Topic>()
  readonly #deps: LeasesDeps
  readonly #leases = new Map<string, Lease>()
  readonly #byPort = new Map<number, string>()
  #status: readonly LeaseStatus[] = []
  #lastPorts: readonly PortRow[] = []
  #version = 0
  #waiting: Waiting[] = []
  /** Settles when the writer before is done: leases are given and taken back one batch at a time. */
  #writing: Promise<unknown> = Promise.resolve()
  #judging: Promise<unknown> = Promise.resolve()

  constructor(deps: LeasesDeps) {
    this.#deps = deps
  }

  /** Takes up the leases that were given before this start. */
  async open(): Promise<void> {
    for (const lease of await this.#deps.store.list()) this.#keep(lease)
    this.#status = this.#all.map((lease) => ({ ...lease, state: 'free', pid: null, process: null }))
    this.#version++
  }

  /** The name that a port is leased to. */
  leaseOf = (port: number): string | null => this.#byPort.get(port) ?? null

  get count(): number {
    return this.#leases.size
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /** All leases, in the order of their ports, with who holds them now. */
  async list(): Promise<{ readonly revision: string; readonly rows: readonly LeaseStatus[] }> {
    const ports = await this.#deps.ports()
    await this.#judge(ports)
    return { revision: this.revision, rows: this.#status }
  }

  /**
   * Gives a port to a name; the same name gets the same port again.
   * @throws Failure `conflict`, `port-in-use`, `permission-denied`, `range-full`, `settings-invalid`.
   */
  allocate(change: Change, asked: LeaseRequest): Promise<Lease> {
    const settled = Promise.withResolvers<Lease>()
    this.#waiting.push({ change, asked, settled })
    // Whoever comes while a batch is worked on is in the next one, so that many requests share one look at
    // the machine, and it begins after the last of them.
    if (this.#waiting.length === 1) void this.#exclusively(() => this.#giveWaiting())
    return settled.promise
  }

  /** Takes a lease back. @throws Failure `not-found`. */
  release(change: Change, name: string): Promise<Lease> {
    return this.#exclusively(async () => {
      const lease = this.#leases.get(name)
      if (!lease) throw new Failure('not-found', `There is no lease ${name}`)
      await this.#deps.store.remove(change, name)
      change.note({ old: lease, new: null })
      this.#leases.delete(name)
      this.#byPort.delete(lease.port)
      await this.judge(this.#lastPorts)
      return lease
    })
  }

  /** Compares leases with who holds their ports; called with every new list of ports. It never rejects. */
  async judge(ports: readonly PortRow[]): Promise<void> {
    try {
      await this.#judge(ports)
    } catch (error) {
      this.#deps.report(error)
    }
  }

  async dispose(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#judging])
  }

  get #all(): Lease[] {
    return [...this.#leases.values()].sort((a, b) => a.port - b.port)
  }

  #keep(lease: Lease): void {
    this.#leases.set(lease.name, lease)
    this.#byPort.set(lease.port, lease.name)
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work)
    this.#writing = done.catch(() => undefined)
    return done
  }

  async #giveWaiting(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    try {
      await this.#give(batch)
    } catch (error) {
      for (const { settled } of batch) settled.reject(error)
    }
  }

  /** Decides on every request of a batch, keeps what was given in one transaction, and only then answers. */
  async #give(batch: readonly Waiting[]): Promise<void> {
    const leases = new Map(this.#leases)
    const given: NewLease[] = []
    const answers: (() => void)[] = []
    let situation: Situation | undefined
    for (const { change, asked, settled } of batch) {
      try {
        let lease = existingLease(leases, asked)
        if (!lease) {
          change.signal.throwIfAborted()
          situation ??= await this.#situation(leases)
          const { kind, port } = await choosePort(situation, asked)
          lease = { name: asked.name, kind, port, createdAt: isoTime(this.#deps.clock.now()) }
          leases.set(lease.name, lease)
          given.push({ change, lease })
        }
        const answer = lease
        answers.push(() => settled.resolve(answer))
      } catch (error) {
        settled.reject(error)
      }
    }
    if (given.length > 0) {
      await this.#deps.store.add(given)
      for (const { change, lease } of given) {
        change.note({ old: null, new: lease })
        this.#keep(lease)
      }
      // What was given is shown as soon as it is answered.
      await this.judge(this.#lastPorts)
    }
    for (const answer of answers) answer()
  }

  async #situation(leases: ReadonlyMap<string, Lease>): Promise<Situation> {
    const { probe, range, settingsPath } = this.#deps
    const rows = await this.#deps.ports()
    this.#lastPorts = rows
    return { leases, ports: new Map(rows.map((row) => [row.port, row])), range, probe, settingsPath }
  }

  /** One after the other, so that an older list never overwrites what a newer one has shown. */
  #judge(ports: readonly PortRow[]): Promise<void> {
    this.#lastPorts = ports
    const done = this.#judging.then(async () => {
      const status = await this.#deps.holders.judge(this.#all, ports)
      if (isDeepStrictEqual(status, this.#status)) return
      this.#status = status
      this.#version++
      this.changed.emit('leases')
    })
    this.#judging = done.catch(() => undefined)
    return done
  }
}
