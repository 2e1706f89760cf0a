/** What of a file or folder tells that it is another than it was. Times in milliseconds since the epoch. */
export interface TreeEntry {
  readonly kind: 'file' | 'folder' | 'other'
  /** Bytes; 0 of what is no file. */
  readonly size: number
  /** When it was last written to. */
  readonly modifiedAt: number
  /** When anything of it was last changed, such as its name or who may read it: no program can set this one. */
  readonly changedAt: number
  readonly bornAt: number
  /** Permission bits, such as 0o644. */
  readonly mode: number
  readonly owner: number
  /** Unlike that of any other on this machine. */
  readonly identity: string
}

/** A disk that part of a folder is on. */
export interface TreeDisk {
  readonly folder: string
  readonly freeBytes: number
  readonly bytes: number
  /** Files that could still be made; null where there is no limit. */
  readonly freeFiles: number | null
}

/** What is in a folder at one moment. */
export interface Tree {
  /** Nothing in it was looked at before this moment. */
  readonly takenAt: number
  /**
   * By their paths within the folder; the folder itself is ''. Those outside of it by their absolute paths. In hidden
   * folders, and those that hold what was installed or built, nobody looks: only they themselves are here.
   */
  readonly entries: ReadonlyMap<string, TreeEntry>
  /** There is more than was looked at. */
  readonly isCut: boolean
  readonly disks: readonly TreeDisk[]
}

/** Looks at what is in folders; all of it is read-only, bounded, and never throws. */
export interface Trees {
  /** @param outside - further files, by absolute paths. @returns null when there is no such folder. */
  look(folder: string, outside: readonly string[]): Promise<Tree | null>
  /** The first bytes of a regular file; null when it cannot be read. */
  read(file: string, most: number): Promise<Buffer | null>
}

/** Entries of one look. */
export const mostEntries = 5000
