import { watch } from 'node:fs'
import { open } from 'node:fs/promises'
import * as path from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { systemCode } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'

export interface TailOptions {
  readonly file: string
  /** Bytes of what is already there that are read first. */
  readonly history: number
  readonly onLines: (lines: readonly string[]) => void
  readonly onError: (error: unknown) => void
}

/** No more than this is read at once, so that a large log never stands in memory. */
const chunkBytes = 256 * 1024

/** Follows a text file that grows and is renamed away when it is full. The folder has to exist. */
export class TailFile implements Owned {
  readonly #options: TailOptions
  readonly #watcher: Owned
  #inode = 0
  #offset = -1
  /** A character may lie across two chunks. */
  #decoder = new StringDecoder('utf8')
  #rest = ''
  #reading = false
  #again = false
  #disposed = false

  constructor(options: TailOptions) {
    this.#options = options
    this.#watcher = this.#watch()
    void this.#read()
  }

  dispose(): void {
    this.#disposed = true
    void this.#watcher.dispose()
  }

  /** Without a watch, where the system has none left, what is there already is shown all the same. */
  #watch(): Owned {
    try {
      const watcher = watch(path.dirname(this.#options.file), () => void this.#read())
      watcher.on('error', this.#options.onError)
      return { dispose: () => watcher.close() }
    } catch (error) {
      this.#options.onError(error)
      return { dispose: () => {} }
    }
  }

  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = true
    try {
      do {
        this.#again = false
        while ((await this.#readChunk()) && !this.#disposed);
      } while (this.#again && !this.#disposed)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') this.#options.onError(error)
    } finally {
      this.#reading = false
    }
  }

  /** @returns whether there may be more. */
  async #readChunk(): Promise<boolean> {
    const file = await open(this.#options.file, 'r')
    try {
      const { ino, size } = await file.stat()
      if (this.#offset === -1) this.#begin(ino, Math.max(0, size - this.#options.history))
      else if (ino !== this.#inode || size < this.#offset) this.#begin(ino, 0)
      const length = Math.min(chunkBytes, size - this.#offset)
      if (length <= 0) return false
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#offset)
      this.#offset += bytesRead
      this.#take(this.#decoder.write(buffer.subarray(0, bytesRead)))
      return bytesRead > 0
    } finally {
      await file.close()
    }
  }

  #begin(inode: number, offset: number): void {
    this.#inode = inode
    this.#offset = offset
    this.#decoder = new StringDecoder('utf8')
    this.#rest = ''
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    const whole = lines.filter((line) => line !== '')
    if (whole.length > 0 && !this.#disposed) this.#options.onLines(whole)
  }
}
