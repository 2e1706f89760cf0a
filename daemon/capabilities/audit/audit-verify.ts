import type { AuditCheckpoint, AuditHead, AuditVerification } from '#contract/audit.ts'
import { messageOf } from '#base/failure.ts'
import { breakBody, type BreakLine } from './audit-checkpoints.ts'
import { MerkleTree } from './audit-merkle.ts'
import { chainHash, genesis, type AuditRecord } from './audit-record.ts'
import { AuditSigner, type AuditVerifier } from './audit-signing.ts'

/** Somebody's note of where the trail stood once. */
export interface Pin {
  readonly sequence: number
  readonly hash: string
}

/** Everything a verification works on. What is beside the records must be read before them. */
export interface Evidence {
  /** In stored order; may throw where the source cannot be read. */
  readonly records: Iterable<AuditRecord>
  /** With the private key (an {@link AuditSigner}) seals are checked too, which names the first bad record exactly. */
  readonly key: AuditVerifier
  readonly head: AuditHead | null
  readonly checkpoints: readonly AuditCheckpoint[]
  readonly breaks: readonly BreakLine[]
  readonly pins: readonly Pin[]
  /** What was found wrong before the records were looked at. */
  readonly problems: readonly Finding[]
  /** Asked after the records: whether what finds them, such as an index, is damaged. Null when not. */
  readonly damage: () => string | null
}

/** `sequence` is the first record affected, or null when no one record is to blame. */
export interface Finding {
  readonly sequence: number | null
  readonly reason: string
}

/**
 * Checks a trail against all that was signed or noted about it. Finds records that were edited, deleted,
 * inserted or moved, a tail that was cut off and an older copy put back.
 *
 * It cannot find: what somebody who has the private key rewrote together with the files beside the database
 * (only a pin or an exported checkpoint shows that), a record that was never written because the daemon itself
 * was replaced, and the loss of records that were never acknowledged to anybody.
 */
export function verifyTrail(evidence: Evidence): AuditVerification {
  const check = new TrailCheck(evidence)
  check.run()
  return check.result()
}

class TrailCheck {
  readonly #evidence: Evidence
  readonly #findings: Finding[] = []
  /** What is known of the hash at a sequence: checkpoints, heads and pins, by sequence. */
  readonly #known = new Map<number, Set<string>>()
  readonly #roots = new Map<number, AuditCheckpoint>()
  readonly #tree = MerkleTree.empty()
  /** Signed records since the last one that something known vouches for. */
  #signed: AuditHead[] = []
  /** Up to here something signed outside the records agrees. */
  #vouched = 0
  #last: AuditRecord | null = null
  #previous = genesis
  #entries = 0
  #broken = false

  constructor(evidence: Evidence) {
    this.#evidence = evidence
  }

  run(): void {
    this.#findings.push(...this.#evidence.problems)
    this.#readKnown()
    try {
      for (const record of this.#evidence.records) this.#record(record)
      const damage = this.#evidence.damage()
      if (damage !== null)
        this.#find(null, `the records are whole, but what finds them is damaged: ${damage}`)
    } catch (error) {
      this.#find((this.#last?.sequence ?? 0) + 1, `the records cannot be read further: ${messageOf(error)}`)
    }
    this.#end()
  }

  result(): AuditVerification {
    const bySequence = this.#findings.toSorted((a, b) => (a.sequence ?? Infinity) - (b.sequence ?? Infinity))
    const [first] = bySequence
    return {
      ok: first === undefined,
      entries: this.#entries,
      checkpoints: this.#evidence.checkpoints.length,
      firstBadSequence: first?.sequence ?? null,
      reason: first?.reason ?? null,
    }
  }

  #find(sequence: number | null, reason: string): void {
    this.#findings.push({ sequence, reason })
  }

  #readKnown(): void {
    const { key, head, checkpoints, breaks, pins } = this.#evidence
    if (head !== null) {
      if (key.head(head)) this.#know(head)
      else this.#find(null, 'the head is not signed with this key')
    }
    for (const checkpoint of checkpoints) {
      if (!key.checkpoint(checkpoint)) {
        this.#find(null, `the checkpoint at ${checkpoint.sequence} is not signed with this key`)
        continue
      }
      this.#know(checkpoint)
      this.#roots.set(checkpoint.sequence, checkpoint)
    }
    for (const line of breaks) {
      if (!key.break(breakBody(line), line.signature))
        this.#find(null, 'a kept finding is not signed with this key')
      this.#find(line.firstBadSequence, `${line.reason}, as the daemon found at ${line.at}`)
      if (line.head !== null && key.head(line.head)) this.#know(line.head)
    }
    for (const pin of pins) this.#know(pin)
  }

  #know({ sequence, hash }: Pin): void {
    const hashes = this.#known.get(sequence)
    if (hashes === undefined) this.#known.set(sequence, new Set([hash]))
    else hashes.add(hash)
  }

  #record(record: AuditRecord): void {
    if (record.kind === 'intent') this.#entries++
    // After the first bad record the rest is only counted: no later one can be the first.
    if (this.#broken) return
    const expected = (this.#last?.sequence ?? 0) + 1
    if (record.sequence !== expected) {
      this.#break(Math.min(expected, record.sequence), 'a record is missing or out of its place')
      return
    }
    if (chainHash(this.#previous, record) !== record.hash) {
      this.#break(expected, 'a record is not what its hash says')
      return
    }
    const { key } = this.#evidence
    if (key instanceof AuditSigner && key.seal(record.hash, record.signature) !== record.seal) {
      this.#break(expected, 'a record was not written by this daemon')
      return
    }
    this.#last = record
    this.#previous = record.hash
    this.#tree.append(record.hash)
    if (record.signature !== null) {
      const { sequence, hash, timestamp, signature } = record
      this.#signed.push({ sequence, hash, timestamp, signature })
    }
    this.#compare(record)
  }

  #compare({ sequence, hash }: AuditRecord): void {
    const known = this.#known.get(sequence)
    if (known === undefined) return
    const root = this.#roots.get(sequence)?.root ?? null
    if ([...known].every((noted) => noted === hash) && (root === null || root === this.#tree.root())) {
      this.#vouched = sequence
      this.#signed = []
      return
    }
    this.#break(this.#firstUnsigned(), 'records were rewritten')
  }

  #break(sequence: number, reason: string): void {
    this.#broken = true
    this.#find(sequence, reason)
  }

  /** The record after the last one that its own signature vouches for. */
  #firstUnsigned(): number {
    const bad = this.#signed.findIndex((head) => !this.#evidence.key.head(head))
    const good = bad === -1 ? this.#signed : this.#signed.slice(0, bad)
    return (good.at(-1)?.sequence ?? this.#vouched) + 1
  }

  #end(): void {
    if (this.#broken) return
    const last = this.#last?.sequence ?? 0
    const furthest = Math.max(0, ...this.#known.keys())
    if (furthest > last) this.#find(last + 1, 'records are missing at the end')
    // What lies beyond the head was committed just before a crash, or is being written now: it is signed.
    else if (last > this.#vouched) {
      const first = this.#firstUnsigned()
      if (first <= last) this.#find(first, 'records were added that nothing vouches for')
    }
  }
}
