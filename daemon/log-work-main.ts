import { parentPort } from 'node:worker_threads'
import { Scanner } from './logs/scan/scanner.ts'
import { outcomeOf, type SegmentTask } from './logs/segments/segment-work.ts'

/** Writes segments of logs anew, and makes their indexes, in a thread of its own: `WorkThread` gives it what to do. */
export function runWorkThread(): void {
  const scanner = new Scanner()
  parentPort?.on('message', (task: SegmentTask) => {
    const outcome = outcomeOf(task, scanner)
    const memory = 'filters' in outcome ? outcome.filters.map(({ buffer }) => buffer as ArrayBuffer) : []
    parentPort?.postMessage(outcome, memory)
  })
}
