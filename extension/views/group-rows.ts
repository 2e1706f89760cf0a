import type { ResourceNode } from './nodes.ts'

/** What a snapshot means for what is already drawn. */
export type RowsChange<Node extends object = ResourceNode> =
  /** Rows came, went or moved: the group has to be asked again. */
  | 'rows'
  /** Only these look different now. */
  | readonly Node[]

interface Row<Node extends object> {
  readonly id: string
  /** Everything of it that is drawn; rows that look the same are not drawn again. */
  readonly look: string
  readonly node: Node
}

/**
 * Keeps one node for each row as long as the row is there, so that a snapshot of hundreds of processes in which
 * three changed draws three lines and not hundreds.
 */
export class GroupRows<Node extends object = ResourceNode> {
  readonly #nodes = new Map<string, Node>()
  readonly #looks = new Map<string, string>()
  #order = ''

  /** Takes the rows of a snapshot in the order in which they are drawn. */
  update(rows: readonly Row<Node>[]): RowsChange<Node> {
    const order = rows.map(({ id }) => id).join('\n')
    const same = order === this.#order
    this.#order = order
    const changed = rows.flatMap((row) => this.#keep(row))
    if (same) return changed
    const ids = new Set(rows.map(({ id }) => id))
    for (const id of this.#nodes.keys())
      if (!ids.has(id)) {
        this.#nodes.delete(id)
        this.#looks.delete(id)
      }
    return 'rows'
  }

  /** The node that stands for a row. */
  node(id: string): Node | undefined {
    return this.#nodes.get(id)
  }

  /** All nodes in the order of the last update. */
  get nodes(): readonly Node[] {
    return this.#order === '' ? [] : this.#order.split('\n').flatMap((id) => this.#nodes.get(id) ?? [])
  }

  /** @returns the row's node when it looks different now. */
  #keep({ id, look, node }: Row<Node>): readonly Node[] {
    const known = this.#nodes.get(id)
    if (known === undefined) this.#nodes.set(id, node)
    // The tree knows rows by their object, so the object stays and gets the new data.
    else Object.assign(known, node)
    if (this.#looks.get(id) === look) return []
    this.#looks.set(id, look)
    return [known ?? node]
  }
}
