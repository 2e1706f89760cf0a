/**
 * Makes work be done once at a time. Whoever asks while it is under way is answered by one more run, however many they
 * are, so that what is done last has seen all that was there when it was asked for.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let wanted = false
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    while (wanted) {
      wanted = false
      try {
        await work()
      } catch (error) {
        // The next run says how it stands now.
        if (!wanted) throw error
      }
    }
  }
  return () => {
    wanted = true
    running ??= run().finally(() => (running = undefined))
    return running
  }
}
