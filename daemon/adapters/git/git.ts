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

/** HEAD was set to something. */
export interface GitMove {
  /** Milliseconds since the epoch; Git writes whole seconds, so it was in the second from here. */
  readonly at: number
  /** Object ids, hex; all zeros for none. */
  readonly from: string
  readonly to: string
  /** In Git's words, such as `checkout: moving from main to next`. */
  readonly message: string
}

/** What Git noted of where HEAD was. */
export interface Reflogs {
  /** The last moves of the checkout that a folder lies in, oldest first; none where there is no such note. Never throws. */
  moves(folder: string): Promise<readonly GitMove[]>
}
