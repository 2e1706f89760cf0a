import { watch, type FSWatcher } from 'node:fs'
import { open } from 'node:fs/promises'
import { constants } from 'node:fs'
import { basename, dirname } from 'node:path'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { settingsSchema, withDefaults, type Settings } from './settings-schema.ts'

const largestBytes = 1024 * 1024
/** Editors write a file in several steps; reading between two of them would report an error that is not one. */
const settleMs = 50

/** `settings.json`, read at start and again whenever it changes. The last good settings stay in force. */
export class SettingsFile implements Owned {
  readonly changed = new Emitter<void>()
  readonly #path: string
  #good: Settings | undefined
  #problem: Failure | null = null
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param path - the file; it need not exist, its folder must. */
  constructor(path: string) {
    this.#path = path
  }

  /** Reads it for the first time and watches it from then on. A bad file is a {@link problem}, not a throw. */
  async open(): Promise<void> {
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.#path)) this.#readSoon()
      })
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // The system's limit of watches is reached. The settings read at start then stay in force; that is no reason
      // to bring the daemon down.
    }
    await this.read()
  }

  /**
   * The settings in force.
   * @throws Failure `settings-invalid` when the file has been bad ever since the start, so that nothing acts
   * on defaults that the person has overruled.
   */
  get current(): Settings {
    if (this.#good) return this.#good
    throw this.#problem ?? new Failure('settings-invalid', `${this.#path} has not been read yet`)
  }

  /** What is wrong with the file as it is now, even while older good settings are in force. */
  get problem(): Failure | null {
    return this.#problem
  }

  /** Reads the file now. */
  async read(): Promise<void> {
    try {
      this.#good = parseSettings(this.#path, await this.#text())
      this.#problem = null
    } catch (error) {
      this.#problem =
        error instanceof Failure
          ? error
          : new Failure('settings-invalid', `${this.#path} cannot be read: ${messageOf(error)}`, {
              cause: error,
            })
    }
    this.changed.emit()
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  #readSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.read(), settleMs)
    this.#timer.unref()
  }

  /** The file's text; an absent file is an empty object. A pipe planted in its place must not block us. */
  async #text(): Promise<string> {
    let file
    try {
      file = await open(this.#path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return '{}'
      throw error
    }
    try {
      const found = await file.stat()
      if (!found.isFile()) throw invalid(this.#path, '', 'expected a regular file')
      if (found.size > largestBytes) throw invalid(this.#path, '', 'expected at most 1 MiB')
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  }
}

/** @throws Failure `settings-invalid` naming file, key and what was expected. */
export function parseSettings(path: string, text: string): Settings {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Failure('settings-invalid', `${path} is not JSON: ${messageOf(error)}`, { cause: error })
  }
  const parsed = settingsSchema.safeParse(value)
  if (parsed.success) return withDefaults(parsed.data)
  const [issue] = parsed.error.issues
  throw invalid(path, issue?.path.map(String).join('.') ?? '', issue?.message ?? 'expected settings')
}

const invalid = (path: string, key: string, expected: string) =>
  new Failure('settings-invalid', `${path}: ${key === '' ? '' : `${key}: `}${expected}`, {
    hint: `Correct ${path}; until then the last good settings stay in force.`,
  })
