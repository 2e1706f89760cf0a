import type { Emitter } from '#base/emitter.ts'
import type { Owned } from '#base/lifetime.ts'

/** Says in which folders something was changed that may tell what app is in them. */
export interface FolderWatcher extends Owned {
  /** A folder in which something was changed; said once for changes that come together. */
  readonly changed: Pick<Emitter<string>, 'on'>
  /** Watches these folders, real paths, and no others any more. One that is not there is watched for its coming. */
  watch(folders: readonly string[]): void
}
