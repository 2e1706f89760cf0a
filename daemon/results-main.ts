import { parentPort, workerData } from 'node:worker_threads'
import { parseResults } from './parse-results.ts'
import type { ResultsTask } from './results-apart.ts'

/** Reads test results in a thread of its own and answers what they say. */
export async function answerResults(): Promise<void> {
  // `resultsApart` gave it, and nobody else starts this.
  const { kind, text } = workerData as ResultsTask
  parentPort?.postMessage(await parseResults(kind, text))
}
