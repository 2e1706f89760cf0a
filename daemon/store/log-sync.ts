import { closeSync, constants, openSync } from 'node:fs'
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
  #inDoubt = false

  constructor(file: string, sync: SyncFile = syncFile) {
    this.#file = `${file}-wal`
    this.#sync = sync
  }

  /**
   * Whether a sync has failed. The kernel then takes what it could not write for written, and a later sync that succeeds
   * says nothing about it: the log has to be written anew.
   */
  get inDoubt(): boolean {
    return this.#inDoubt
  }

  /** @throws Failure `store-unavailable`; then nobody knows what of it is durable. */
  async settled(): Promise<void> {
    try {
      this.#descriptor ??= openSync(this.#file, constants.O_RDWR)
      await this.#sync(this.#descriptor)
    } catch (error) {
      this.#inDoubt = true
      throw notDurable(this.#file, error)
    }
  }

  /** Tells that all of the log was moved into the store's file and made durable there. */
  rewritten(): void {
    this.#inDoubt = false
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }
}

/** What a person can be told when the disk does not take what was written. */
export const notDurable = (file: string, cause: unknown): Failure =>
  new Failure('store-unavailable', `${file} cannot be made durable: ${messageOf(cause)}`, { cause })
