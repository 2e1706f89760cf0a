import { closeSync, constants, openSync, statSync } from 'node:fs'
import { Failure, messageOf } from '#base/failure.ts'
import { syncFile } from './sync-file.ts'

/** Makes what was written to a file durable. */
export type SyncFile = typeof syncFile

/**
 * Syncs SQLite's write-ahead log beside the event loop, for commits that were made without syncing it. Everything that
 * was committed before a call is durable when it settles. SQLite holds no lock on the log itself, so a descriptor of
 * our own takes none away; the log keeps its file for as long as the store is open.
 */
export class LogSync {
  readonly #file: string
  readonly #sync: SyncFile
  #descriptor: number | null = null
  #running: Promise<void> = Promise.resolve()
  #closed = false
  /**
   * Whether a sync has failed, here or in a daemon that ended before it could tell. The kernel then takes what it could
   * not write for written, and a later sync that succeeds says nothing about it: the log has to be written anew.
   */
  #inDoubt: boolean

  /** @param options.inDoubt - whether somebody else's log was found. @param options.sync - fdatasync(2) when left out. */
  constructor(
    file: string,
    { inDoubt, sync = syncFile }: { readonly inDoubt: boolean; readonly sync?: SyncFile | undefined },
  ) {
    this.#file = logOf(file)
    this.#inDoubt = inDoubt
    this.#sync = sync
  }

  /** @throws Failure `store-unavailable`; then nobody knows what of it is durable. */
  async settled(): Promise<void> {
    try {
      if (this.#closed) throw new Error('the store is closed')
      this.#descriptor ??= openSync(this.#file, constants.O_RDWR)
      const synced = this.#sync(this.#descriptor)
      this.#running = Promise.allSettled([this.#running, synced]).then(() => undefined)
      await synced
    } catch (error) {
      this.#inDoubt = true
      throw notDurable(this.#file, error)
    }
  }

  /**
   * As {@link settled}, and for what is in doubt as well.
   * @param rewrite - moves all of the log into the store's file, which it syncs, and empties the log.
   */
  async settle(rewrite: () => Promise<void>): Promise<void> {
    if (this.#inDoubt) await rewrite()
    // Without it a loss of power could bring the old log back and play it over the newer file.
    await this.settled()
    this.#inDoubt = false
  }

  /** Waits for the sync that runs: its descriptor must not become another file's meanwhile. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }
}

/** Where SQLite keeps a store's write-ahead log. */
const logOf = (file: string): string => `${file}-wal`

/** Whether there is a log that a daemon left which did not end well. */
export const isLogLeft = (file: string): boolean =>
  (statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0) > 0

/** What a person can be told when the disk does not take what was written. */
export const notDurable = (file: string, cause: unknown): Failure =>
  new Failure('store-unavailable', `${file} cannot be made durable: ${messageOf(cause)}`, { cause })
