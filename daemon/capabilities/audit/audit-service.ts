import * as path from 'node:path'
import type {
  Actor,
  AuditCheckpoint,
  AuditEntry,
  AuditFilter,
  AuditHead,
  AuditVerification,
} from '#contract/audit.ts'
import type { AuditTarget } from '#contract/method.ts'
import type { Clock } from '#base/clock.ts'
import type { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { NewId } from '#base/ids.ts'
import type { Owned } from '#base/lifetime.ts'
import { jsonLine } from '#base/record-lines.ts'
import type { AuditTrail, Outcome } from '../../kernel/execute.ts'
import type { Store } from '../../store/open.ts'
import { readTrailLines } from './audit-checkpoints.ts'
import { intentDraft, outcomeDraft } from './audit-draft.ts'
import { AuditEntries } from './audit-entries.ts'
import { csvEntry, csvHeading } from './audit-export.ts'
import { auditPaths, type AuditPaths } from './audit-files.ts'
import { AuditStore } from './audit-store.ts'
import { verifyInChild } from './audit-verify-child.ts'
import type { Pin } from './audit-verify.ts'
import { AuditWriter, type AuditLog } from './audit-writer.ts'

export interface AuditServiceDeps {
  readonly store: Store
  /** Where key, head and checkpoints are kept; made when it is not there. */
  readonly folder: string
  readonly clock: Clock
  readonly newId: NewId
  readonly log: AuditLog
  /**
   * Program and arguments that verify the state folder named by the `--home` that is added to them. A process of
   * its own, because a million records are seconds in which nothing else would run. The running program with
   * `verify` when not given.
   */
  readonly verifyCommand?: readonly string[]
}

/** Pieces of an export are about this long, in UTF-16 units. */
const pieceLength = 64 * 1024
const pageRecords = 1000

/** The audit trail: written by the one door, read by everybody with a role, changed by nobody. */
export class AuditService implements AuditTrail, Owned {
  readonly #deps: AuditServiceDeps
  readonly #paths: AuditPaths
  readonly #store: AuditStore
  readonly #writer: AuditWriter
  readonly #entries: AuditEntries

  private constructor(deps: AuditServiceDeps) {
    this.#deps = deps
    this.#paths = auditPaths(deps.folder)
    this.#store = new AuditStore(deps.store)
    this.#writer = new AuditWriter({
      store: this.#store,
      paths: this.#paths,
      clock: deps.clock,
      log: deps.log,
    })
    this.#entries = new AuditEntries(deps.store, () => this.#writer.open)
  }

  /**
   * Opens the trail, keeps for ever what was changed from outside, and closes what a crash left open. Where the
   * trail cannot be written it opens all the same, refuses commands, and recovers when it can.
   */
  static async open(deps: AuditServiceDeps): Promise<AuditService> {
    const service = new AuditService(deps)
    await service.#writer.start()
    return service
  }

  /** Tells the new revision after each change. */
  get changed(): Emitter<string> {
    return this.#writer.changed
  }

  /** Equal for equal trails. */
  get revision(): string {
    return this.#writer.revision
  }

  /** Why commands are refused now; null when they are not. */
  get problem(): string | null {
    return this.#writer.problem?.message ?? null
  }

  intent(actor: Actor, target: AuditTarget): Promise<number> {
    return this.#writer.add('intent', intentDraft(this.#deps.newId(), actor, target))
  }

  /** What cannot be written now is kept and written when it can. @throws Failure `audit-unavailable` meanwhile. */
  async outcome(sequence: number, outcome: Outcome): Promise<void> {
    if (!this.#writer.open.has(sequence))
      throw new Error(`Record ${sequence} is not an intent without outcome`)
    try {
      await this.#writer.add('outcome', outcomeDraft(sequence, outcome))
    } catch (error) {
      const message = `The command ran, but how it ended is not on the audit trail yet: ${messageOf(error)}`
      throw new Failure('audit-unavailable', message, { cause: error })
    }
  }

  async record(actor: Actor, target: AuditTarget, errorCode: string | null): Promise<void> {
    const intent = intentDraft(this.#deps.newId(), actor, target)
    const outcome = errorCode === null ? 'ok' : 'refused'
    await this.#writer.add('intent', intent, outcomeDraft(0, { outcome, errorCode }))
  }

  /** Newest first. @throws Failure `invalid-params` for a cursor that is none of ours. */
  async list(
    options: AuditFilter & { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }> {
    const { limit, cursor, ...filter } = options
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      throw new Failure('invalid-params', `There is no page ${JSON.stringify(cursor)}`)
    }
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor)
    const { entries, next } = await this.#entries.list(filter, limit, before)
    return { entries, next: next === null ? null : String(next) }
  }

  /** @throws Failure `not-found` also for the sequence of an outcome. */
  async show(sequence: number): Promise<AuditEntry> {
    const entry = await this.#entries.show(sequence)
    if (entry === undefined) throw new Failure('not-found', `There is no audit entry ${sequence}`)
    return entry
  }

  /** The newest head, for clients to pin. @throws Failure `audit-unavailable` while no key can be made. */
  head(): { readonly head: AuditHead | null; readonly publicKey: string } {
    try {
      return { head: this.#writer.head, publicKey: this.#writer.signer.publicKey }
    } catch (error) {
      throw new Failure('audit-unavailable', `There is no audit key: ${messageOf(error)}`, { cause: error })
    }
  }

  verify(pin: Pin | undefined, signal: AbortSignal): Promise<AuditVerification> {
    return verifyInChild({
      command: this.#deps.verifyCommand ?? [process.execPath, process.argv[1] ?? '', 'verify'],
      home: path.dirname(this.#deps.store.file),
      pin,
      signal,
    })
  }

  checkpoint(): AuditCheckpoint {
    return this.#writer.checkpoint()
  }

  /** Calls `emit` with one piece of the file after another. */
  async export(
    options: { readonly format: 'jsonl' | 'csv'; readonly filter: AuditFilter; readonly signal: AbortSignal },
    emit: (piece: { readonly text: string }) => Promise<void>,
  ): Promise<{ readonly records: number }> {
    let text = ''
    let records = 0
    const lines = options.format === 'csv' ? this.#csv(options.filter) : this.#jsonl(options.filter)
    for await (const line of lines) {
      options.signal.throwIfAborted()
      text += line.text
      if (line.record) records++
      if (text.length < pieceLength) continue
      await emit({ text })
      text = ''
    }
    if (text !== '') await emit({ text })
    return { records }
  }

  async dispose(): Promise<void> {
    await this.#writer.dispose()
  }

  async *#csv(filter: AuditFilter): AsyncGenerator<{ readonly text: string; readonly record: boolean }> {
    yield { text: csvHeading, record: false }
    for await (const page of this.#pages(filter)) {
      for (const entry of page) yield { text: csvEntry(entry), record: true }
    }
  }

  /** Raw records in order, and last what vouches for them: a checkpoint made before the first is read. */
  async *#jsonl(filter: AuditFilter): AsyncGenerator<{ readonly text: string; readonly record: boolean }> {
    const checkpoint = this.#writer.checkpoint()
    const filtered = Object.values(filter).some((value) => value !== undefined)
    const source = filtered ? this.#filtered(filter) : this.#all(checkpoint.sequence)
    for await (const record of source) yield { text: jsonLine(record), record: true }
    const breaks = readTrailLines(this.#paths.checkpoints).filter((line) => line.type === 'break')
    const { publicKey } = this.#writer.signer
    yield { text: jsonLine({ type: 'end', checkpoint, publicKey, breaks, filtered }), record: false }
  }

  async *#all(until: number) {
    for (let from = 0; from < until;) {
      const records = await this.#store.after(from, Math.min(pageRecords, until - from))
      yield* records
      const last = records.at(-1)
      if (last === undefined) return
      from = last.sequence
    }
  }

  async *#filtered(filter: AuditFilter) {
    for await (const page of this.#pages(filter)) {
      yield* await this.#store.ofIntents(page.map((entry) => entry.sequence))
    }
  }

  async *#pages(filter: AuditFilter): AsyncGenerator<readonly AuditEntry[]> {
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null;) {
      const page = await this.#entries.list(filter, pageRecords, before)
      yield page.entries
      before = page.next
    }
  }
}
