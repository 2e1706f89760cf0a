import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Keys } from './keys.ts'

/** Writes a file as a whole or not at all, 0600; durable when it settles. */
export type ReplaceFile = (file: string, text: string) => Promise<void>

const pattern = /^secrets\.([0-9a-z-]{1,64})\.key$/i

/** Keys as files of the state folder, 0600. */
export class FileKeys implements Keys {
  readonly #folder: string
  readonly #replaceFile: ReplaceFile

  constructor(folder: string, replaceFile: ReplaceFile) {
    this.#folder = folder
    this.#replaceFile = replaceFile
  }

  async read(id: string): Promise<string | null> {
    try {
      return (await readFile(this.#file(id), 'utf8')).trim()
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  }

  write(_change: Change, id: string, key: string): Promise<void> {
    return this.#replaceFile(this.#file(id), `${key}\n`)
  }

  async remove(_change: Change, id: string): Promise<void> {
    await rm(this.#file(id), { force: true })
  }

  async removeAllBut(change: Change, id: string): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const [, found] = pattern.exec(name) ?? []
      if (found !== undefined && found !== id) await this.remove(change, found)
    }
  }

  #file(id: string): string {
    return join(this.#folder, `secrets.${id}.key`)
  }
}
