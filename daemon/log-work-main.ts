import { parentPort } from 'node:worker_threads'
import { fieldsOf } from './logs/format/fields.ts'
import { Scanner } from './logs/scan/scanner.ts'
import { scanOutcome, type ScanTask } from './logs/search/scan-work.ts'
import { outcomeOf, type SegmentTask } from './logs/segments/segment-work.ts'

/** Writes segments of logs anew, makes their indexes and looks through them, in threads of their own (`TaskThread`). */
export function runWorkThread(): void {
  const scanner = new Scanner()
  parentPort?.on('message', (task: SegmentTask | ScanTask) => {
    if (task.kind === 'count' || task.kind === 'sieve') {
      const outcome = scanOutcome(task, scanner, (line, format) => fieldsOf(line, format).fields)
      parentPort?.postMessage(outcome)
    } else parentPort?.postMessage(outcomeOf(task, scanner))
  })
}
