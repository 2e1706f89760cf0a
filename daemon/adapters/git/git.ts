/** The checked-out tree a folder lies in. */
export interface Worktree {
  /** Top folder of the checkout, absolute. */
  readonly path: string
  /** Branch that is checked out; null when HEAD is detached. */
  readonly branch: string | null
  /** Folder of the main repository, the same for all of its worktrees. */
  readonly repository: string
}

/** What is asked of Git: only local questions that read neither the network nor an index, and run no hook. */
export interface Git {
  /** The worktree a folder lies in, or null: no repository, no git, not ours to read, or too slow. Never throws. */
  worktreeOf(folder: string): Promise<Worktree | null>
}
