/** What is in a folder, as far as it tells what kind of app it is. */
export interface ProjectFolder {
  /** The folder's real path (links resolved). */
  readonly folder: string
  /**
   * Names directly in it, and those in its `components/` (`components/x.q`), sorted; folders, also those behind a
   * link, end with `/`. At most {@link mostNames} of each.
   */
  readonly names: readonly string[]
  /**
   * The first {@link mostBytes} of the files that say what a project is, by name. One that is missing, that is not ours
   * to read or that is no regular file is absent, and is not even opened when it is no regular file.
   */
  readonly files: ReadonlyMap<string, Buffer>
}

/** What is asked of folders that somebody else filled: all of it is read-only, bounded, and never throws. */
export interface Projects {
  /** Looks into one folder. @returns null when there is no such folder or it is not ours to read. */
  look(folder: string): Promise<ProjectFolder | null>
  /**
   * Real paths of the folders below, the near ones first, at most {@link mostFolders}. Left out are hidden folders,
   * those that hold what was installed or built, and links; none is looked for below them.
   * @param depth - levels; 1 is the folder's own children.
   */
  below(folder: string, depth: number): Promise<readonly string[]>
}

/** 1 MiB and one byte, by which the reader sees that a file is larger. */
export const mostBytes = 1024 * 1024 + 1
/** Folders that one search gives. */
export const mostFolders = 2000
/** Names read of one folder: one with more is full of something else than a project's files. */
export const mostNames = 20_000
