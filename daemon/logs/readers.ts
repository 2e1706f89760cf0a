import { relative } from 'node:path'
import type { Owned } from '#base/lifetime.ts'
import { InputReader, isDone, markKey, runSign, type ReaderOptions } from './input-reader.ts'
import { FollowRoom } from './intake/follow-room.ts'
import { Glob } from './intake/globs.ts'
import type { LogInput, LogPattern } from './log-engine.ts'
import type { LogStore } from './segments/log-store.ts'

/** Reads inputs into the store: those that are named, and those that patterns find. */
export class Readers implements Owned {
  readonly #store: LogStore
  readonly #options: ReaderOptions
  readonly #room = new FollowRoom()
  readonly #readers = new Map<string, InputReader>()
  readonly #globs = new Map<string, { readonly pattern: LogPattern; readonly glob: Glob }>()
  #inputs: readonly LogInput[] = []
  /** Settles when those are read that were named last. */
  #reading: Promise<void> = Promise.resolve()
  #disposed = false

  constructor(store: LogStore, options: Omit<ReaderOptions, 'room'>) {
    this.#store = store
    this.#options = { ...options, room: this.#room }
  }

  get all(): readonly InputReader[] {
    return [...this.#readers.values()]
  }

  /** Patterns of which not all files are read, and why. */
  get lacking(): readonly { readonly pattern: LogPattern; readonly problem: string }[] {
    return [...this.#globs.values()].flatMap(({ pattern, glob }) => {
      const problem = glob.problem ?? (glob.files.length === 0 ? 'no file is there yet' : null)
      return problem === null ? [] : [{ pattern, problem }]
    })
  }

  /** From now on these are read and no others. */
  read(inputs: readonly LogInput[], patterns: readonly LogPattern[]): void {
    this.#inputs = inputs
    this.#later(() => this.#find(patterns))
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    await this.#reading
    await Promise.all([...this.#globs.values()].map(({ glob }) => glob.dispose()))
    await Promise.all(this.all.map((reader) => reader.dispose()))
    this.#room.dispose()
  }

  #later(act: () => Promise<void>): void {
    this.#reading = this.#reading.then(() => (this.#disposed ? undefined : act()))
  }

  async #find(patterns: readonly LogPattern[]): Promise<void> {
    const wanted = new Map(patterns.map((pattern) => [JSON.stringify(pattern), pattern]))
    for (const [key, { glob }] of this.#globs)
      if (!wanted.has(key)) {
        this.#globs.delete(key)
        await glob.dispose()
      }
    for (const [key, pattern] of wanted) {
      if (this.#globs.has(key)) continue
      const glob = new Glob(pattern.folder, pattern.file, { room: this.#room })
      this.#globs.set(key, { pattern, glob })
      await glob.look()
      glob.changed.on(() => this.#later(() => this.#apply()))
    }
    await this.#apply()
  }

  /** One that takes the place of another begins where that has ended. */
  async #apply(): Promise<void> {
    const inputs = [...this.#inputs, ...this.#found()]
    const wanted = new Map(inputs.map((input) => [keyOf(input), input]))
    const gone = [...this.#readers].filter(([key]) => !wanted.has(key))
    for (const [key] of gone) this.#readers.delete(key)
    await Promise.all(gone.map(([, reader]) => reader.dispose()))
    this.#forgetRuns(inputs)
    for (const [key, input] of wanted) {
      if (!input.live && isDone(this.#store, input)) {
        await this.#readers.get(key)?.dispose()
        this.#readers.delete(key)
        continue
      }
      const reader = this.#readers.get(key) ?? new InputReader(input, this.#store, this.#options)
      this.#readers.set(key, reader)
      reader.live(input.live)
    }
  }

  /** Files that two patterns find are those of the first. */
  #found(): readonly LogInput[] {
    const found = new Map<string, LogInput>()
    for (const { pattern, glob } of this.#globs.values())
      for (const file of glob.files) {
        const { app, folder, kind } = pattern
        const key = JSON.stringify([app, file])
        if (!found.has(key))
          found.set(key, { app, source: relative(folder, file), kind, file, run: null, live: true })
      }
    return [...found.values()]
  }

  #forgetRuns(inputs: readonly LogInput[]): void {
    for (const app of new Set(inputs.map((input) => input.app))) {
      const named = new Set(inputs.filter((input) => input.app === app).map(markKey))
      this.#store.forgetMarks(app, (key) => !key.startsWith(runSign) || named.has(key))
    }
  }
}

/** A file of an app under one name is read by one reader for as long as both stay what they are. */
const keyOf = ({ app, source, kind, file, run }: LogInput): string =>
  JSON.stringify([app, source, kind, file, run])
