import { hash } from 'node:crypto'

// RFC 6962 sets a byte before what is hashed: 0 for a leaf, 1 for a node. The bytes are reused because hashing
// a verified million of records allocates more than it hashes otherwise.
const leaf = Buffer.alloc(33, 0)
const node = Buffer.alloc(65, 1)

/** RFC 6962, section 2.1: the hash of one entry. Entries are the records' chain hashes, as 32 bytes. */
function leafHash(entry: string): string {
  leaf.write(entry, 1, 'hex')
  return hash('sha256', leaf, 'hex')
}

function nodeHash(left: string, right: string): string {
  node.write(left, 1, 'hex')
  node.write(right, 33, 'hex')
  return hash('sha256', node, 'hex')
}

/**
 * A Merkle tree (RFC 6962, section 2.1) that only grows: it keeps the roots of the complete subtrees from
 * left to right, at most one for each bit of the size, instead of the leaves. All hashes are lower-case hex.
 */
export class MerkleTree {
  #size: number
  readonly #subtrees: string[]

  private constructor(size: number, subtrees: readonly string[]) {
    this.#size = size
    this.#subtrees = [...subtrees]
  }

  static empty(): MerkleTree {
    return new MerkleTree(0, [])
  }

  /** @param frontier - what {@link frontier} gave. @returns null when it does not fit the size. */
  static restore(size: number, frontier: readonly string[]): MerkleTree | null {
    const complete = size.toString(2).replaceAll('0', '').length
    return frontier.length === complete ? new MerkleTree(size, frontier) : null
  }

  get size(): number {
    return this.#size
  }

  /** The roots of the complete subtrees, largest first. */
  get frontier(): readonly string[] {
    return [...this.#subtrees]
  }

  /** @param entry - a record's chain hash in hex. */
  append(entry: string): void {
    let subtree = leafHash(entry)
    // Each trailing one bit of the size is a complete subtree as large as the new one, which joins it.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      subtree = nodeHash(this.#subtrees.pop() ?? '', subtree)
    }
    this.#subtrees.push(subtree)
    this.#size++
  }

  /** The tree head; of an empty tree the hash of nothing. */
  root(): string {
    const [last, ...larger] = this.#subtrees.toReversed()
    if (last === undefined) return hash('sha256', '', 'hex')
    return larger.reduce((right, left) => nodeHash(left, right), last)
  }
}
