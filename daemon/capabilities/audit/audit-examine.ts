import type { AuditHead } from '#contract/audit.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import {
  breakBody,
  readHead,
  readTrailLines,
  type BreakLine,
  type CheckpointLine,
  type TrailLine,
} from './audit-checkpoints.ts'
import type { AuditPaths } from './audit-files.ts'
import { MerkleTree } from './audit-merkle.ts'
import { chainHash, genesis, type AuditRecord } from './audit-record.ts'
import type { AuditSigner } from './audit-signing.ts'
import type { AuditStore } from './audit-store.ts'

/** Where the trail stands, and all that the next record needs. */
export interface Position {
  sequence: number
  hash: string
  timestamp: string
  clockRun: number
}

/** What a look at the database and the files beside it found. */
export interface Examination {
  readonly position: Position
  readonly tree: MerkleTree
  /** Sequence of the newest checkpoint that the database agrees with. */
  readonly checkpointed: number
  /** The head of the last record as it was signed; null where it carries no valid signature. */
  readonly head: AuditHead | null
  /** The head file says the same. */
  readonly headCurrent: boolean
  /** Intents without an outcome. */
  readonly open: readonly number[]
  /** To be kept for ever before anything is appended; null when all agrees or it is kept already. */
  readonly broken: BreakLine | null
}

export const start: Position = { sequence: 0, hash: genesis, timestamp: '', clockRun: 0 }

/** Compares the database with what was signed about it, quickly: the newest records, not all of them. */
export async function examine(deps: {
  readonly store: AuditStore
  readonly paths: AuditPaths
  readonly signer: AuditSigner
  readonly clock: Clock
}): Promise<Examination> {
  const { store, paths, signer } = deps
  const head = readHead(paths.head)
  const lines = readTrailLines(paths.checkpoints)
  const last = await store.last()
  const position: Position =
    last === undefined
      ? { ...start }
      : {
          sequence: last.sequence,
          hash: last.hash,
          timestamp: last.timestamp,
          clockRun: last.clock_run,
        }
  const difference = await findDifference(store, signer, { head, lines, last })
  const checkpoint = await newestAgreed(store, lines, position)
  const tree = (checkpoint && restoreTree(checkpoint)) ?? MerkleTree.empty()
  await growTree(store, tree)
  const known = lines.some(
    (line) => line.type === 'break' && line.head?.signature === head?.signature && head !== null,
  )
  return {
    position,
    tree,
    checkpointed: checkpoint?.sequence ?? 0,
    head: last === undefined ? null : signedHead(signer, last),
    headCurrent: head?.sequence === position.sequence && head.hash === position.hash,
    open: await store.openIntents(checkpoint?.settled ?? 0),
    broken:
      difference === null || known
        ? null
        : breakLine(signer, {
            type: 'break',
            at: isoTime(deps.clock.now()),
            ...difference,
            head,
            last: { sequence: position.sequence, hash: position.hash },
          }),
  }
}

const breakLine = (signer: AuditSigner, line: Omit<BreakLine, 'signature'>): BreakLine => ({
  ...line,
  signature: signer.signBreak(breakBody(line)),
})

type Difference = Pick<BreakLine, 'reason' | 'firstBadSequence'>

async function findDifference(
  store: AuditStore,
  signer: AuditSigner,
  known: {
    readonly head: AuditHead | null
    readonly lines: readonly TrailLine[]
    readonly last: AuditRecord | undefined
  },
): Promise<Difference | null> {
  const lastSequence = known.last?.sequence ?? 0
  const sinceBreak = known.lines.slice(known.lines.findLastIndex((line) => line.type === 'break') + 1)
  const checkpoint = sinceBreak.findLast((line) => line.type === 'checkpoint')
  for (const signed of [known.head, checkpoint ?? null]) {
    if (signed === null) continue
    if (signed.sequence > lastSequence) {
      return { reason: 'records were cut off the end', firstBadSequence: lastSequence + 1 }
    }
    if ((await store.at(signed.sequence))?.hash !== signed.hash) {
      return { reason: 'records were rewritten', firstBadSequence: null }
    }
  }
  if (known.last === undefined) return null
  return findForged(store, signer, known.head?.sequence ?? checkpoint?.sequence ?? 0, known.last)
}

/** What a crash between commit and head leaves is signed in the database; what somebody added is not. */
async function findForged(
  store: AuditStore,
  signer: AuditSigner,
  vouched: number,
  last: AuditRecord,
): Promise<Difference | null> {
  let from = Math.min(vouched, last.sequence - 1)
  let previous = from === 0 ? genesis : ((await store.at(from))?.hash ?? '')
  for (;;) {
    const records = await store.after(from, 1000)
    for (const record of records) {
      const whole =
        record.sequence === from + 1 &&
        chainHash(previous, record) === record.hash &&
        signer.seal(record.hash, record.signature) === record.seal
      if (!whole) {
        const reason = record.sequence > vouched ? 'records were added' : 'the last record was changed'
        return { reason, firstBadSequence: from + 1 }
      }
      previous = record.hash
      from = record.sequence
    }
    if (records.length === 0) break
  }
  if (signedHead(signer, last) !== null) return null
  return { reason: 'records were added', firstBadSequence: last.sequence }
}

/** The head that the last record of a commit carries. */
function signedHead(signer: AuditSigner, record: AuditRecord): AuditHead | null {
  const { sequence, hash, timestamp, signature } = record
  if (signature === null) return null
  const head = { sequence, hash, timestamp, signature }
  return signer.head(head) ? head : null
}

async function newestAgreed(
  store: AuditStore,
  lines: readonly TrailLine[],
  position: Position,
): Promise<CheckpointLine | undefined> {
  for (const line of lines.toReversed()) {
    if (line.type !== 'checkpoint' || line.sequence > position.sequence) continue
    if ((await store.at(line.sequence))?.hash === line.hash) return line
  }
  return undefined
}

function restoreTree(line: CheckpointLine): MerkleTree | null {
  const tree = MerkleTree.restore(line.sequence, line.frontier)
  return tree?.root() === line.root ? tree : null
}

async function growTree(store: AuditStore, tree: MerkleTree): Promise<void> {
  for (let from = tree.size; ;) {
    const records = await store.hashesAfter(from, 5000)
    for (const record of records) tree.append(record.hash)
    const last = records.at(-1)
    if (last === undefined) return
    from = last.sequence
  }
}
