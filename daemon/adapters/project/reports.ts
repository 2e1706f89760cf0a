/** What test runs leave in an app's folder. Read-only, bounded, and it never throws. */
export interface Reports {
  /**
   * The text of a JUnit XML file that was written since a moment; null when there is none.
   * @param path - within the folder; null: where such files mostly are.
   * @param since - milliseconds since the epoch.
   */
  junit(folder: string, path: string | null, since: number): Promise<string | null>
}
