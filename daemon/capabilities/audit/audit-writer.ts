import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { AuditCheckpoint, AuditHead } from '#contract/audit.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { isFull, isLocked } from '../../store/failures.ts'
import { outcomeDraft, type Draft } from './audit-draft.ts'
import { examine } from './audit-examine.ts'
import { appendLine, freeBallast, keepBallast, replaceText, type AuditPaths } from './audit-files.ts'
import { loadSigner } from './audit-key.ts'
import { AuditQueue, type Entry } from './audit-queue.ts'
import type { AuditRecord } from './audit-record.ts'
import type { AuditSigner } from './audit-signing.ts'
import type { AuditStore } from './audit-store.ts'
import { AuditTail } from './audit-tail.ts'

export type AuditLog = (level: 'info' | 'warn' | 'error', message: string) => void

export interface AuditWriterDeps {
  readonly store: AuditStore
  readonly paths: AuditPaths
  readonly clock: Clock
  readonly log: AuditLog
}

const checkpointRecords = 1000
const checkpointInterval = 60_000
const retryInterval = 500
/** How long a command waits, in milliseconds, for a lock that another program holds on the database. */
const lockPatience = 2000

/**
 * Appends records to the trail, many in one commit. In this order: the commit, then the signed head, then
 * whoever waits is told. A record counts only when both are durable.
 */
export class AuditWriter implements Owned {
  readonly #deps: AuditWriterDeps
  readonly #queue = new AuditQueue()
  /** Intents in the database that have no outcome there. */
  readonly #open = new Set<number>()
  readonly #timer: NodeJS.Timeout
  readonly changed = new Emitter<string>()
  #signer: AuditSigner | null = null
  /** Null until the database was compared with the files, and again after a commit failed. */
  #tail: AuditTail | null = null
  #head: AuditHead | null = null
  #headDue = false
  #checkpointed = 0
  #started = false
  #ballastFreed = false
  #problem: Failure | null = null
  #flushing: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null

  constructor(deps: AuditWriterDeps) {
    this.#deps = deps
    this.#timer = setInterval(() => this.#checkpointQuietly(), checkpointInterval)
    this.#timer.unref()
  }

  /** Compares database and files and closes what a crash left open; where it cannot yet, it will when it can. */
  start(): Promise<void> {
    return (this.#flushing ??= this.#flush())
  }

  /** Settles with the first record's sequence when all are durable. @throws Failure `audit-unavailable`. */
  add(kind: Entry['kind'], ...drafts: readonly Draft[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.add({ kind, drafts, done: resolve, failed: reject })
      this.#flushing ??= this.#flushSoon()
    })
  }

  /** Intents without an outcome so far. */
  get open(): ReadonlySet<number> {
    return this.#open
  }

  /** Why the trail cannot be written now; null when it can. */
  get problem(): Failure | null {
    return this.#problem
  }

  /** The newest head; null while nothing was ever written. */
  get head(): AuditHead | null {
    return this.#head
  }

  /** @throws what the file system throws while the key can be neither read nor made. */
  get signer(): AuditSigner {
    return (this.#signer ??= loadSigner(this.#deps.paths))
  }

  /** Equal for equal trails. */
  get revision(): string {
    return this.#head === null ? '0' : `${this.#head.sequence}-${this.#head.hash.slice(0, 16)}`
  }

  /** Signs and keeps where the trail stands now. @throws Failure `audit-unavailable`. */
  checkpoint(): AuditCheckpoint {
    const tail = this.#tail
    if (tail === null) throw unavailable(new Error('the trail was not compared with its head yet'))
    const settled = Math.min(tail.sequence, ...[...this.#open].map((intent) => intent - 1))
    const { signed, line } = tail.checkpoint(settled)
    try {
      appendLine(this.#deps.paths.checkpoints, JSON.stringify(line))
    } catch (error) {
      throw unavailable(error)
    }
    this.#checkpointed = tail.sequence
    return signed
  }

  /** Writes what waits, makes the last checkpoint and stops. */
  async dispose(): Promise<void> {
    clearInterval(this.#timer)
    await (this.#flushing ??= this.#flush())
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#checkpointQuietly()
  }

  /** What arrives in the same turn of the event loop goes into the same commit. */
  async #flushSoon(): Promise<void> {
    await nextTurn()
    await this.#flush()
  }

  async #flush(): Promise<void> {
    let written = await this.#writeNext()
    while (this.#queue.waiting > 0 || (written && this.#queue.owed > 0)) {
      // A long burst leaves room for everybody else between its commits.
      await nextTurn()
      written = await this.#writeNext()
    }
    this.#flushing = null
    if (!written || this.#headDue) this.#retryLater()
  }

  async #writeNext(): Promise<boolean> {
    const written = await this.#process(this.#queue.take())
    if ((this.#tail?.sequence ?? 0) - this.#checkpointed >= checkpointRecords) this.#checkpointQuietly()
    return written
  }

  #retryLater(): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      this.#flushing ??= this.#flush()
    }, retryInterval)
    this.#retry.unref()
  }

  /** @returns whether all of it is durable. */
  async #process(batch: readonly Entry[]): Promise<boolean> {
    let entries = batch
    let problem = await this.#commit(entries)
    if (problem !== null) {
      for (const entry of batch) if (entry.kind === 'intent') entry.failed(problem)
      entries = batch.filter((entry) => entry.kind === 'outcome')
      if (isFull(problem)) this.#freeBallast()
      // What failed together with intents, or for want of space, may well succeed without them.
      problem = entries.length === 0 ? problem : await this.#commit(entries)
      if (problem !== null) {
        for (const entry of entries) {
          entry.failed(problem)
          this.#queue.owe(entry)
        }
        return this.#note(problem)
      }
    }
    problem = await this.#replaceHead()
    if (problem !== null && isFull(problem) && entries.some((entry) => entry.kind === 'outcome')) {
      this.#freeBallast()
      problem = await this.#replaceHead()
    }
    this.#settle(entries, problem)
    if (entries.length > 0) this.changed.emit(this.revision)
    return this.#note(problem)
  }

  /** Logs when the trail stops and starts being writable. */
  #note(problem: Failure | null): boolean {
    if (problem !== null && this.#problem === null) this.#deps.log('error', problem.message)
    if (problem === null && this.#problem !== null) this.#deps.log('info', 'The audit trail is written again')
    this.#problem = problem
    return problem === null
  }

  /** @returns what went wrong, or null. */
  async #commit(entries: readonly Entry[]): Promise<Failure | null> {
    try {
      const tail = (this.#tail ??= await this.#prepare())
      if (this.#ballastFreed && entries.some((entry) => entry.kind === 'intent')) this.#keepBallast()
      for (const entry of entries) if (this.#isRecorded(entry)) entry.drafts = []
      const groups = entries.map((entry) => entry.drafts).filter((drafts) => drafts.length > 0)
      if (groups.length === 0) return null
      const records = tail.build(groups, isoTime(this.#deps.clock.now()))
      await this.#append(records)
      this.#head = tail.advance(records)
      this.#headDue = true
      for (const { kind, sequence, intent } of records) {
        if (kind === 'intent') this.#open.add(sequence)
        else this.#open.delete(intent ?? 0)
      }
      return null
    } catch (error) {
      return unavailable(error)
    }
  }

  async #append(records: readonly AuditRecord[]): Promise<void> {
    const { store, clock } = this.#deps
    const deadline = clock.monotonic() + lockPatience
    for (;;) {
      try {
        return await store.append(records)
      } catch (error) {
        if (isLocked(error) && clock.monotonic() < deadline) {
          await delay(50)
          continue
        }
        // Whether anything of it is on the disk is for a new comparison to say.
        this.#tail = null
        throw error
      }
    }
  }

  async #replaceHead(): Promise<Failure | null> {
    if (!this.#headDue || this.#head === null) return null
    try {
      await replaceText(this.#deps.paths.head, `${JSON.stringify(this.#head)}\n`)
      this.#headDue = false
      return null
    } catch (error) {
      return unavailable(error)
    }
  }

  #settle(entries: readonly Entry[], problem: Failure | null): void {
    let sequence =
      (this.#tail?.sequence ?? 0) - entries.reduce((sum, entry) => sum + entry.drafts.length, 0) + 1
    for (const entry of entries) {
      if (problem === null) entry.done(sequence)
      else {
        entry.failed(problem)
        if (entry.kind === 'intent' && entry.drafts.length === 1) this.#oweOutcome(sequence, 'refused')
      }
      sequence += entry.drafts.length
    }
  }

  /** Closes an intent for which no command ran, or nobody knows how far one came. */
  #oweOutcome(intent: number, outcome: 'refused' | 'interrupted'): void {
    const errorCode = outcome === 'refused' ? 'audit-unavailable' : null
    this.#queue.owe({
      kind: 'outcome',
      drafts: [outcomeDraft(intent, { outcome, errorCode })],
      done: () => undefined,
      failed: () => undefined,
    })
  }

  /** Compares the database with the files, keeps for ever what does not agree, and goes on from there. */
  async #prepare(): Promise<AuditTail> {
    const { store, paths, clock, log } = this.#deps
    const { signer } = this
    // A signed head for records that a loss of power takes would be an alarm about nothing.
    await store.settle()
    const found = await examine({ store, paths, signer, clock })
    if (found.broken !== null) {
      appendLine(paths.checkpoints, JSON.stringify(found.broken))
      log('error', `The audit trail was changed from outside: ${found.broken.reason}; see \`audit verify\``)
    }
    const tail = new AuditTail(signer, found.position, found.tree)
    this.#checkpointed = found.checkpointed
    this.#head = found.head ?? (tail.sequence === 0 ? null : tail.signedHead())
    this.#headDue = this.#head !== null && !found.headCurrent
    this.#forgetRecorded(new Set(found.open))
    for (const intent of found.open) {
      if (this.#open.has(intent)) continue
      this.#open.add(intent)
      this.#oweOutcome(intent, this.#started ? 'refused' : 'interrupted')
    }
    if (!this.#started) this.#keepBallastQuietly()
    this.#started = true
    return tail
  }

  /** Whether it is an outcome that a commit recorded although it failed. */
  #isRecorded({ kind, drafts }: Entry): boolean {
    return kind === 'outcome' && drafts.every(({ intent }) => !this.#open.has(intent ?? 0))
  }

  /** A commit that failed may have recorded outcomes all the same; they are not owed any more. */
  #forgetRecorded(open: ReadonlySet<number>): void {
    for (const intent of this.#open) if (!open.has(intent)) this.#open.delete(intent)
  }

  #checkpointQuietly(): void {
    if (this.#tail === null || this.#tail.sequence <= this.#checkpointed) return
    try {
      this.checkpoint()
    } catch (error) {
      this.#deps.log('warn', messageOf(error))
    }
  }

  #keepBallast(): void {
    keepBallast(this.#deps.paths.ballast)
    this.#ballastFreed = false
  }

  #keepBallastQuietly(): void {
    this.#ballastFreed = true
    try {
      this.#keepBallast()
    } catch (error) {
      this.#deps.log('warn', `No space can be set aside for the audit trail: ${messageOf(error)}`)
    }
  }

  #freeBallast(): void {
    try {
      freeBallast(this.#deps.paths.ballast)
      this.#ballastFreed = true
    } catch (error) {
      this.#deps.log('warn', `The space set aside for the audit trail cannot be freed: ${messageOf(error)}`)
    }
  }
}

const unavailable = (error: unknown): Failure =>
  error instanceof Failure && error.code === 'audit-unavailable'
    ? error
    : new Failure('audit-unavailable', `The audit trail cannot be written: ${messageOf(error)}`, {
        cause: error,
      })
