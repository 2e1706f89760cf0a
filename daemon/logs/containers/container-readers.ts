import type { Owned } from '#base/lifetime.ts'
import type { LogSourceRow } from '#contract/logs.ts'
import type { ContainerOutput, EngineEndpoint } from '../../adapters/docker/container-output.ts'
import type { LogStore } from '../segments/log-store.ts'
import { ContainerReader } from './container-reader.ts'
import type { ContainerMark, ContainerStoreOptions } from './container-store.ts'
import {
  containerKey,
  containerSign,
  noContainers,
  type LogContainer,
  type LogContainers,
} from './log-container.ts'

type Row = Pick<LogSourceRow, 'app' | 'source' | 'kind' | 'problem'>

/** Reads the output of containers into the store. */
export class ContainerReaders implements Owned {
  readonly #store: LogStore
  readonly #options: ContainerStoreOptions
  readonly #open: (endpoint: EngineEndpoint) => ContainerOutput
  /** By app and id. */
  readonly #readers = new Map<string, ContainerReader>()
  /** Those that are read to their end, or found out about, by the same. */
  readonly #ending = new Map<string, Promise<void>>()
  readonly #retired = new Set<ContainerReader>()
  /** Of which it was asked over this connection whether they are gone. */
  readonly #judged = new Set<string>()
  #named = noContainers
  #output: ContainerOutput | null = null
  #connection = 0

  constructor(
    store: LogStore,
    options: ContainerStoreOptions,
    open: (endpoint: EngineEndpoint) => ContainerOutput,
  ) {
    this.#store = store
    this.#options = options
    this.#open = open
  }

  /** All that are read, and why one is not; of some that had one name the newest. */
  get rows(): readonly Row[] {
    const read = [...this.#readers.values()].map(({ container: { app, kind }, source, problem }) => ({
      app,
      source,
      kind,
      problem,
    }))
    return [...read, ...this.#named.lacking]
  }

  /** From now on these are read and no others. While no engine is reached those go on that were read. */
  read(named: LogContainers): void {
    this.#named = named
    const { endpoint, connection, containers } = named
    if (endpoint === null) return
    if (connection !== this.#connection || this.#output === null) {
      this.#output = this.#open(endpoint)
      this.#connection = connection
      this.#judged.clear()
      for (const reader of this.#readers.values()) reader.reach(this.#output)
    }
    const engine = JSON.stringify(endpoint)
    const wanted = new Set(containers.map(keyOf))
    for (const [key, reader] of this.#readers) if (!wanted.has(key)) this.#retire(key, reader, this.#output)
    for (const container of containers) this.#begin(container, engine, this.#output)
    this.#judge(engine, wanted, this.#output)
  }

  async dispose(): Promise<void> {
    this.#named = noContainers
    await Promise.all([...this.#readers.values(), ...this.#retired].map((reader) => reader.dispose()))
    await Promise.all(this.#ending.values())
  }

  #begin(container: LogContainer, engine: string, output: ContainerOutput): void {
    const key = keyOf(container)
    const known = this.#readers.get(key)
    if (known !== undefined) {
      const { running, starts, kind } = known.container
      if (container.kind !== kind) this.#retire(key, known, output)
      else if (container.running !== running || container.starts !== starts) known.update(container)
      return
    }
    // What it ends with is kept first; then this is asked again.
    if (this.#ending.has(key)) return
    const reader = new ContainerReader(container, engine, this.#store, this.#options)
    this.#readers.set(key, reader)
    reader.reach(output)
  }

  #retire(key: string, reader: ContainerReader, output: ContainerOutput): void {
    const { app, id } = reader.container
    this.#judged.add(key)
    this.#readers.delete(key)
    this.#retired.add(reader)
    const end = async (): Promise<void> => {
      const isOver = await reader.retire(output)
      this.#ending.delete(key)
      this.#retired.delete(reader)
      if (isOver) this.#store.forgetMarks(app, (other) => other !== containerKey(id))
      if (this.#named.containers.some((named) => keyOf(named) === key)) this.read(this.#named)
    }
    this.#ending.set(key, end())
  }

  /** Of those that were read before and are named no more it is found out whether something of them was missed. */
  #judge(engine: string, wanted: ReadonlySet<string>, output: ContainerOutput): void {
    for (const app of this.#store.apps)
      for (const [key, mark] of Object.entries(this.#store.marksOf(app))) {
        if (!key.startsWith(containerSign)) continue
        // Only `ContainerStore` writes it.
        const { source, name, kind, engine: its } = mark as ContainerMark
        const id = key.slice(containerSign.length)
        const one: LogContainer = { app, source, kind, id, name, running: false, starts: 0 }
        const isKnown =
          wanted.has(keyOf(one)) || this.#readers.has(keyOf(one)) || this.#judged.has(keyOf(one))
        if (isKnown || its !== engine) continue
        this.#retire(keyOf(one), new ContainerReader(one, engine, this.#store, this.#options), output)
      }
  }
}

const keyOf = ({ app, id }: LogContainer): string => `${id} ${app}`
