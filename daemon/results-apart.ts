import { Worker } from 'node:worker_threads'
import type { ParsedResults } from './capabilities/jobs/test-results.ts'

/** What the thread is given. */
export interface ResultsTask {
  readonly kind: 'junit' | 'tap'
  readonly text: string
}

/** A text of this many UTF-16 units is read before anybody notices; to start a thread for it would take longer. */
const shortText = 32 * 1024
/** Who has not read 16 MB by then never will. */
const patienceMs = 20_000
const memoryMb = 512

/**
 * Reads test results beside the event loop, which everybody else waits for.
 * @param script - the daemon's own program, which the thread runs.
 * @returns null when they are none, or cannot be read in time and memory.
 */
export async function resultsApart(
  script: string,
  kind: ResultsTask['kind'],
  text: string,
): Promise<ParsedResults | null> {
  if (text.length <= shortText) return (await import('./parse-results.ts')).parseResults(kind, text)
  const task: ResultsTask = { kind, text }
  const worker = new Worker(script, {
    argv: ['results'],
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  })
  const timer = setTimeout(() => void worker.terminate(), patienceMs)
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => resolve(null))
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
