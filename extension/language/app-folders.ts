import { realpath } from 'node:fs/promises'
import * as path from 'node:path'
import { workspace, type Uri } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { Model } from '../model.ts'
import type { Settings } from '../settings.ts'

/** Which app a configuration belongs to, as the daemon of this machine says. */
export class AppFolders {
  readonly #model: Model
  readonly #settings: () => Settings
  readonly #real = new Map<string, Promise<string>>()

  constructor(model: Model, settings: () => Settings) {
    this.#model = model
    this.#settings = settings
  }

  /** Undefined while nobody knows: without a connection, in Restricted Mode, or with a daemon of another machine. */
  get rows(): readonly AppRow[] | undefined {
    if (!workspace.isTrusted || this.#settings().daemonUrl !== '') return undefined
    return this.#model.snapshot('apps')?.rows
  }

  async appOf({ fsPath }: Uri): Promise<AppRow | undefined> {
    const { rows } = this
    if (rows === undefined) return undefined
    const folder = path.dirname(fsPath)
    const real = await this.#realPath(folder)
    return rows.find((row) => row.folder === folder || row.folder === real)
  }

  /** The daemon knows folders by their real path; the editor may have come by a link. */
  #realPath(folder: string): Promise<string> {
    const known = this.#real.get(folder) ?? realpath(folder).catch(() => folder)
    this.#real.set(folder, known)
    return known
  }
}
