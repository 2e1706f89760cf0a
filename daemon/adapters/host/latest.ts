/**
 * Runs one scan at a time. Whoever asks while one runs gets the next one, shared with all who asked meanwhile:
 * an answer is never older than its question. The scan is told all that they asked for.
 */
export function latest<T, A = void>(scan: (asked: readonly A[]) => Promise<T>): (asked: A) => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let waiting: Promise<T> | null = null
  let asked: A[] = []
  return (one) => {
    asked.push(one)
    waiting ??= running.then(() => {
      waiting = null
      const all = asked
      asked = []
      const result = scan(all)
      running = result.catch(() => undefined)
      return result
    })
    return waiting
  }
}
