import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Emitter } from '#base/emitter.ts'
import { systemCode } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { FileReading } from './file-reading.ts'
import { earlyRotations, findPlace, isCopy, openFirst, openNext } from './find-place.ts'
import { FollowRoom, type Opener } from './follow-room.ts'
import type { LineBlock } from './lines.ts'
import { idOf, type FileCursor, type FilePlace } from './place.ts'
import { lookAt, NotReadable, type Source } from './source.ts'

export interface LineBatch {
  readonly blocks: readonly LineBlock[]
  /** What to keep with them: reading goes on from here. */
  readonly cursor: FileCursor
  /** To be said in the log itself, in front of these lines, so that no gap is silent. */
  readonly notes: readonly string[]
}

export interface FollowOptions {
  /** Without one a file is read from its beginning. */
  readonly cursor: FileCursor | null
  /** Shared by those who follow files together; one of its own, when left out. */
  readonly room?: FollowRoom
}

/** A file is closed when nothing came for so long. */
const quietMs = 60_000
/** Programs that have a file open which was rotated away may write to it for so long after another took its place. */
const formerMs = 5000

/**
 * Follows a file that grows: every line once and in order, when it is renamed, copied and emptied, packed, deleted and
 * made anew, also while nobody followed it. What could not be read is said in a note.
 */
export class FileFollower implements Owned, Opener {
  /** Something may be there to be read. */
  readonly readable = new Emitter<void>()
  readonly path: string
  readonly #room: FollowRoom
  readonly #ownRoom: boolean
  readonly #watching: Owned
  /** Where the file really is, when that is not where its name is. */
  #linked: { readonly folder: string; readonly watching: Owned } | null = null
  #reading: FileReading | null = null
  /** Where to go on when nothing is open. */
  #place: FilePlace | null
  #former: { readonly reading: FileReading; readonly until: number } | null = null
  #formerPlace: FilePlace | null
  /** What was rotated away before a file was there for the first time, which is not read. */
  #early: ReadonlySet<string> | null = null
  #problem: string | null = null
  /** What the file looked like when there was nothing more in it. */
  #seen: string | null = null
  #told = false
  #flush = false
  #busy: Promise<unknown> | null = null
  #lastLine = performance.now()
  #disposed = false

  constructor(path: string, options: FollowOptions) {
    this.path = path
    this.#place = options.cursor
    this.#formerPlace = options.cursor?.former ?? null
    this.#ownRoom = options.room === undefined
    this.#room = options.room ?? new FollowRoom()
    this.#watching = this.#watch(dirname(path), basename(path))
  }

  /** Why it cannot be read now, in words that go on after its name; null when it can. */
  get problem(): string | null {
    return this.#problem
  }

  /**
   * Whole lines only, at most about so many bytes; null when nothing more is there now. Never two calls at once. After
   * one that gave something there may be more.
   */
  async next(mostBytes: number): Promise<LineBatch | null> {
    if (this.#disposed) return null
    this.#told = false
    const work = this.#next(mostBytes)
    this.#busy = work
    try {
      return await work
    } finally {
      this.#busy = null
      if (this.#reading !== null) this.#room.opened(this)
    }
  }

  /** The program that wrote it has ended: what has come of a last line is all of it. */
  flush(): void {
    this.#flush = true
    this.#tell()
  }

  /** Closes the file until there is something to be read in it. */
  rest(): void {
    void this.#close()
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    await this.#watching.dispose()
    await this.#linked?.watching.dispose()
    await this.#close()
    if (this.#ownRoom) this.#room.dispose()
  }

  async #close(): Promise<void> {
    // It was asked for lines: that ends first.
    while (this.#busy !== null) await this.#busy.catch(() => {})
    const open = [this.#reading, this.#former?.reading]
    this.#place = this.#reading?.place ?? this.#place
    this.#formerPlace = this.#former?.reading.place ?? null
    this.#reading = null
    this.#former = null
    this.#room.closed(this)
    for (const reading of open) await reading?.close()
  }

  #watch(folder: string, base: string): Owned {
    return this.#room.on(folder, base, (name) => {
      if (name === null) void this.#look()
      else this.#tell()
    })
  }

  #tell(): void {
    if (this.#told || this.#disposed) return
    this.#told = true
    this.readable.emit()
  }

  /** Looks where nothing is told. A file that has been quiet for long is closed. */
  async #look(): Promise<void> {
    if (this.#busy !== null || this.#told) return
    if (this.#former !== null || (await this.#signature()) !== this.#seen) this.#tell()
    else if (this.#reading !== null && performance.now() - this.#lastLine > quietMs) this.rest()
  }

  async #next(mostBytes: number): Promise<LineBatch | null> {
    const notes: string[] = []
    while (!this.#disposed) {
      try {
        const lines = (await this.#late(mostBytes)) ?? (await this.#step(mostBytes, notes))
        if (lines === 'wait') break
        if (lines.length > 0 || notes.length > 0) return this.#batch(lines, notes)
      } catch (error) {
        await this.#fail(error)
        break
      }
    }
    return null
  }

  async #fail(error: unknown): Promise<void> {
    this.#problem = problemOf(error)
    this.#seen = null
    if (error instanceof NotReadable && error.missing && this.#place === null)
      this.#early ??= await earlyRotations(this.path)
    // It is opened anew: a file of another machine may have gone stale.
    const reading = this.#reading
    this.#place = reading?.place ?? this.#place
    this.#reading = null
    await reading?.close()
  }

  #batch(blocks: readonly LineBlock[], notes: readonly string[]): LineBatch {
    const place = this.#reading?.place ?? this.#place
    if (place === null) throw new Error('There is no line without a file')
    this.#lastLine = performance.now()
    const former = this.#former?.reading.place ?? this.#formerPlace
    return { blocks, notes, cursor: { ...place, former } }
  }

  /** What was written to a file after another took its place. */
  async #late(mostBytes: number): Promise<readonly LineBlock[] | null> {
    if (this.#former === null && this.#formerPlace === null) return null
    if (this.#former === null) await this.#openFormer()
    if (this.#former === null) return null
    const { reading, until } = this.#former
    const { lines, state } = await reading.next(mostBytes)
    if (lines.length > 0) return lines
    if (state === 'more') return null
    if (state === 'end' && performance.now() < until) return null
    const last = state === 'end' ? reading.last() : null
    this.#former = null
    this.#formerPlace = null
    await reading.close()
    return last === null ? null : [last]
  }

  async #openFormer(): Promise<void> {
    const place = this.#formerPlace
    this.#formerPlace = null
    if (place === null) return
    const found = await findPlace(this.path, place).catch(() => null)
    // It was read to its end once: when it is nowhere any more, nothing is known to be missing.
    if (found === null || found.lost || found.reading.source.packed) return found?.reading.close()
    this.#former = { reading: found.reading, until: performance.now() + formerMs }
  }

  async #step(mostBytes: number, notes: string[]): Promise<readonly LineBlock[] | 'wait'> {
    if (this.#reading === null && !(await this.#open(notes))) return 'wait'
    const reading = this.#reading
    if (reading === null) return 'wait'
    const piece = await reading.next(mostBytes)
    notes.push(...piece.notes)
    if (piece.state === 'changed') return this.#findAgain(reading, notes)
    if (piece.state === 'more' || notes.length > 0) return piece.lines
    return this.#goOn(reading, mostBytes, notes)
  }

  /** @returns false when there is nothing to open, or nothing new in what was closed. */
  async #open(notes: string[]): Promise<boolean> {
    const signature = await this.#signature()
    if (this.#seen !== null && signature === this.#seen && !this.#flush) return false
    this.#seen = null
    if (this.#place === null) {
      const source = await openFirst(this.path, this.#early)
      this.#reading = await FileReading.from(source, null)
    } else {
      const found = await findPlace(this.path, this.#place)
      this.#reading = found.reading
      notes.push(...found.notes)
    }
    this.#problem = null
    await this.#watchLinked()
    return true
  }

  /** The file was cut, or is another now. */
  async #findAgain(reading: FileReading, notes: string[]): Promise<readonly LineBlock[]> {
    const place = { ...reading.place, size: Math.max(reading.place.size, reading.longest) }
    const last = reading.last()
    this.#reading = null
    this.#place = place
    await reading.close()
    const found = await findPlace(this.path, place)
    this.#reading = found.reading
    notes.push(...found.notes)
    return found.lost && last !== null ? [last] : []
  }

  /** At the end of a file: waits for more when it is still the one of its name, or else begins what came after it. */
  async #goOn(
    reading: FileReading,
    mostBytes: number,
    notes: string[],
  ): Promise<readonly LineBlock[] | 'wait'> {
    const next = await this.#nextSource(reading, notes)
    if (next === 'more') return []
    if (next === null) {
      const last = this.#flush ? reading.last() : null
      this.#flush = false
      return last === null ? 'wait' : [last]
    }
    const copied = await isCopy(next, reading.place)
    // Whoever writes to the next one, or emptied it after a copy, has ended this one: what is there now is all of it.
    const rest = await reading.next(mostBytes)
    if (rest.state === 'more' || rest.notes.length > 0) {
      notes.length = 0
      notes.push(...rest.notes)
      await next.close()
      return rest.lines
    }
    if (rest.state === 'changed') {
      // The next copy took its place.
      notes.length = 0
      await next.close()
      return this.#findAgain(reading, notes)
    }
    return this.#moveOn(reading, next, copied, notes)
  }

  async #moveOn(
    reading: FileReading,
    next: Source,
    copied: boolean,
    notes: string[],
  ): Promise<readonly LineBlock[]> {
    const late = this.#former?.reading.last() ?? null
    await this.#former?.reading.close()
    this.#former = null
    const last = copied ? null : reading.last()
    if (reading.source.damage !== null && !copied) notes.push(damaged(reading))
    this.#reading = await FileReading.from(next, copied ? reading.place : null)
    if (copied || reading.source.packed) await reading.close()
    else this.#former = { reading, until: performance.now() + formerMs }
    await this.#watchLinked()
    return [late, last].filter((line) => line !== null)
  }

  /** What took the place of a file, once something is in it. Null while it is the one to wait for. */
  async #nextSource(reading: FileReading, notes: string[]): Promise<Source | 'more' | null> {
    const id = idOf(reading.source)
    try {
      const named = await lookAt(this.path)
      this.#problem = null
      this.#seen = signatureOf(named)
      if (named.id === id) {
        const { size, modified } = reading.look
        const unchanged = named.size === size && named.modified === modified
        return unchanged || reading.source.packed ? null : 'more'
      }
      const found: string[] = []
      const next = await openNext(this.path, reading, found)
      // An empty one may have been made by the rotation itself, while the program still writes to the old one.
      if (idOf(next) === id || (next.path === this.path && (await next.look()).size === 0)) {
        await next.close()
        return null
      }
      notes.push(...found)
      return next
    } catch (error) {
      this.#problem = problemOf(error)
      this.#seen = this.#problem
      return null
    }
  }

  /** A watch of a folder tells nothing of what the links in it lead to. */
  async #watchLinked(): Promise<void> {
    const real = await realpath(this.path).catch(() => this.path)
    const folder = dirname(real)
    if (folder === (this.#linked?.folder ?? dirname(this.path))) return
    await this.#linked?.watching.dispose()
    this.#linked =
      folder === dirname(this.path) ? null : { folder, watching: this.#watch(folder, basename(real)) }
  }

  async #signature(): Promise<string> {
    try {
      return signatureOf(await lookAt(this.path))
    } catch (error) {
      return problemOf(error)
    }
  }
}

const signatureOf = ({ id, size, modified }: Awaited<ReturnType<typeof lookAt>>): string =>
  `${id} ${size} ${modified}`

function problemOf(error: unknown): string {
  if (error instanceof NotReadable) return error.message
  const code = systemCode(error)
  if (code === undefined) throw error
  return `cannot be read (${code})`
}

const damaged = ({ source, place }: FileReading): string =>
  `${basename(source.path)} cannot be unpacked beyond byte ${place.offset}: what it held after that is lost`
