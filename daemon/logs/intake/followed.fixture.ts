import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileFollower, type FollowOptions } from './file-follower.ts'
import { linesOf } from './lines.ts'
import type { FileCursor } from './place.ts'

/** What one follower has given so far, as a store would keep it. */
export class Followed {
  readonly follower: FileFollower
  readonly lines: string[] = []
  readonly notes: string[] = []
  cursor: FileCursor | null

  constructor(path: string, cursor: FileCursor | null = null, options: Partial<FollowOptions> = {}) {
    this.cursor = cursor
    this.follower = new FileFollower(path, { ...options, cursor })
  }

  /** Takes all that is there now. @returns the lines of it. */
  async read(mostBytes = 100_000): Promise<string[]> {
    const before = this.lines.length
    for (let batch; (batch = await this.follower.next(mostBytes)) !== null;) {
      this.lines.push(...batch.blocks.flatMap(linesOf).map(({ bytes }) => bytes.toString('latin1')))
      this.notes.push(...batch.notes)
      // As it comes back from where it was stored.
      this.cursor = JSON.parse(JSON.stringify(batch.cursor)) as FileCursor
    }
    return this.lines.slice(before)
  }

  /** Reads until there are so many lines in all. */
  async until(count: number): Promise<string[]> {
    while (this.lines.length < count) {
      const told = this.told()
      await this.read()
      if (this.lines.length < count) await told
    }
    return this.lines
  }

  /** Settles when the follower next says that something may be there. */
  told(): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.follower.readable.on(() => {
        void listening.dispose()
        resolve()
      })
    })
  }

  /** What a new daemon finds: the lines and the cursor that were stored, and nothing else. */
  async restarted(options: Partial<FollowOptions> = {}): Promise<Followed> {
    await this.follower.dispose()
    const next = new Followed(this.follower.path, this.cursor, options)
    next.lines.push(...this.lines)
    next.notes.push(...this.notes)
    return next
  }
}

/** A folder for one test, which goes with it. */
export function temporaryFolder(): { readonly path: string; file(name: string): string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'qa-follow-')))
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** What follows in one test, and its folder. */
export class Following {
  readonly folder = temporaryFolder()
  readonly log = this.folder.file('app.log')
  readonly #open: Followed[] = []

  follow(...args: ConstructorParameters<typeof Followed>): Followed {
    const followed = new Followed(...args)
    this.#open.push(followed)
    return followed
  }

  async restart(followed: Followed): Promise<Followed> {
    const next = await followed.restarted()
    this.#open.push(next)
    return next
  }

  async end(): Promise<void> {
    for (const { follower } of this.#open) await follower.dispose()
    this.folder.remove()
  }
}
