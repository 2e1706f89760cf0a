import type { Change } from '../../kernel/execute.ts'

/** The text of an app's configuration. */
export interface ConfigFile {
  /** Its path. */
  readonly file: string
  readonly text: string
}

/** The configurations in the folders of apps, which people write too. */
export interface ConfigFiles {
  /**
   * @returns null when the folder has none.
   * @throws Failure `conflict` for one that is no regular file of text, `permission-denied`.
   */
  read(folder: string): Promise<ConfigFile | null>
  /**
   * Puts a text in the place of what was read, in one step, and with the same permissions.
   * @param before - what was read; null: there was none, and a `quantum.config.yaml` is made.
   * @returns the path of the file. @throws Failure `conflict` when it is not as it was read, `permission-denied`.
   */
  replace(change: Change, folder: string, before: ConfigFile | null, text: string): Promise<string>
}
