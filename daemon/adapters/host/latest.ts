/**
 * Runs one scan at a time. Whoever asks while one runs gets the next one, shared with all who asked meanwhile:
 * an answer is never older than its question.
 */
export function latest<T>(scan: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let waiting: Promise<T> | null = null
  return () => {
    waiting ??= running.then(() => {
      waiting = null
      const result = scan()
      running = result.catch(() => undefined)
      return result
    })
    return waiting
  }
}
