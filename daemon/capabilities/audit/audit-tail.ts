import type { AuditCheckpoint, AuditHead } from '#contract/audit.ts'
import type { CheckpointLine } from './audit-checkpoints.ts'
import type { Draft } from './audit-draft.ts'
import type { Position } from './audit-examine.ts'
import type { MerkleTree } from './audit-merkle.ts'
import { chainHash, type AuditRecord } from './audit-record.ts'
import type { AuditSigner } from './audit-signing.ts'

/** The end of the chain: makes the next records, and moves on only once they are durable. */
export class AuditTail {
  readonly #signer: AuditSigner
  readonly #tree: MerkleTree
  #position: Position

  constructor(signer: AuditSigner, position: Position, tree: MerkleTree) {
    this.#signer = signer
    this.#position = position
    this.#tree = tree
  }

  get sequence(): number {
    return this.#position.sequence
  }

  get hash(): string {
    return this.#position.hash
  }

  /**
   * Chains drafts to the records there are; the last one carries the signature that vouches for all.
   * @param groups - each draft after the first of a group is the outcome of that first one.
   */
  build(groups: readonly (readonly Draft[])[], timestamp: string): readonly AuditRecord[] {
    let { sequence, hash } = this.#position
    const clockRun = this.#position.clockRun + (timestamp < this.#position.timestamp ? 1 : 0)
    const count = groups.reduce((sum, group) => sum + group.length, 0)
    const records: AuditRecord[] = []
    for (const group of groups) {
      const first = sequence + 1
      for (const draft of group) {
        sequence++
        const intent = sequence === first ? draft.intent : first
        const content = { ...draft, sequence, timestamp, clock_run: clockRun, intent }
        hash = chainHash(hash, content)
        const last = records.length === count - 1
        const signature = last ? this.#signer.signHead({ sequence, hash, timestamp }).signature : null
        records.push({ ...content, hash, seal: this.#signer.seal(hash, signature), signature })
      }
    }
    return records
  }

  /** Takes over what {@link build} made, once it is committed. @returns the new head. */
  advance(records: readonly AuditRecord[]): AuditHead | null {
    for (const record of records) this.#tree.append(record.hash)
    const last = records.at(-1)
    if (last === undefined) return null
    const { sequence, hash, timestamp, clock_run: clockRun, signature } = last
    this.#position = { sequence, hash, timestamp, clockRun }
    return { sequence, hash, timestamp, signature: signature ?? '' }
  }

  /** A head for a chain whose last record carries no valid signature. */
  signedHead(): AuditHead {
    const { sequence, hash, timestamp } = this.#position
    return this.#signer.signHead({ sequence, hash, timestamp })
  }

  /** @param settled - every intent up to this sequence has its outcome. */
  checkpoint(settled: number): { readonly signed: AuditCheckpoint; readonly line: CheckpointLine } {
    const { sequence, hash, timestamp } = this.#position
    const signed = this.#signer.signCheckpoint({ sequence, hash, timestamp, root: this.#tree.root() })
    return { signed, line: { type: 'checkpoint', ...signed, frontier: this.#tree.frontier, settled } }
  }
}
