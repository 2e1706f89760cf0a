import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import * as path from 'node:path'
import { messageOf, systemCode } from '#base/failure.ts'

/** How far the records of an app were sent, and what became of them since forwarding began. */
export interface Place {
  /** The number of the last record that is done with: the next one is sent next. */
  readonly done: number
  readonly sent: number
  /** Not taken by the target, and never sent again. */
  readonly refused: number
  /** Gone, by retention or damage, before they were sent. */
  readonly lost: number
  /** Milliseconds since the epoch: of the newest record that was taken; null before any. */
  readonly sentTo: number | null
}

const ending = '.json'
const nothing: Place = { done: 0, sent: 0, refused: 0, lost: 0, sentTo: null }

/** The places of all apps, a file for each. */
export class Places {
  readonly #folder: string
  readonly #known = new Map<string, Place>()
  /** Why they could not be read, or not be noted; null when they could. */
  readonly problem: string | null

  /**
   * @param last - the greatest number that the store has given. Where it lost some to a loss of power, others will be given
   * them again: those were never sent.
   */
  constructor(folder: string, last: number) {
    this.#folder = folder
    let problem = null
    try {
      for (const name of namesIn(folder)) this.#take(name, last)
    } catch (error) {
      // Logs are read and kept all the same.
      problem = messageOf(error)
    }
    this.problem = problem
  }

  of(app: string): Place {
    return this.#known.get(app) ?? nothing
  }

  /** Whether an app is forwarded, now or once it is named again. */
  has(app: string): boolean {
    return this.#known.has(app)
  }

  /** Notes where an app begins of which nothing was sent yet. @param done - the last record that is not to be sent. */
  begin(app: string, done: number): void {
    if (!this.#known.has(app)) this.set(app, { ...nothing, done })
  }

  /** It is there also after a loss of power when this returns. @throws what the system says. */
  set(app: string, place: Place): void {
    this.#known.set(app, place)
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const file = this.#fileOf(app)
    const descriptor = openSync(`${file}.new`, 'w', 0o600)
    try {
      writeFileSync(descriptor, JSON.stringify(place))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(`${file}.new`, file)
  }

  forget(app: string): void {
    this.#known.delete(app)
    rmSync(this.#fileOf(app), { force: true })
  }

  #take(name: string, last: number): void {
    const app = appOf(name)
    if (app === null) return
    const place = read(path.join(this.#folder, name))
    if (place.done <= last) this.#known.set(app, place)
    // At once: another start would not notice, once so many were given again.
    else this.set(app, { ...place, done: last })
  }

  #fileOf(app: string): string {
    return path.join(this.#folder, `${encodeURIComponent(app)}${ending}`)
  }
}

/** Null for a file that is none of ours. */
function appOf(name: string): string | null {
  try {
    const app = decodeURIComponent(name.slice(0, -ending.length))
    return `${encodeURIComponent(app)}${ending}` === name ? app : null
  } catch {
    return null
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Of one that is damaged only what is kept is known: all of it is sent again rather than none. */
function read(file: string): Place {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof found === 'object' && found !== null && Number.isSafeInteger(Reflect.get(found, 'done'))
      ? // Only `set` writes it.
        (found as Place)
      : nothing
  } catch {
    return nothing
  }
}
