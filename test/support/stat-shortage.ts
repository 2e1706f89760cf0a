import { closeSync, openSync } from 'node:fs'
import { listPids } from '../../daemon/adapters/host/proc-files.ts'
import { StatFiles } from '../../daemon/adapters/host/stat-files.ts'

// With few descriptors allowed and all but some of them taken: prints how many processes could still be read.
const spare = 8
const taken: number[] = []
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch {
  // None is left.
}
for (const descriptor of taken.splice(0, spare)) closeSync(descriptor)

const most = 10_000
const files = new StatFiles(most)
const pids = listPids()
const lines = pids.map((pid) => files.read(pid))
closeSync(openSync('/dev/null', 'r'))
console.log(
  JSON.stringify({
    asked: pids.length,
    read: lines.filter((line) => line !== null).length,
    open: files.size,
    spare,
  }),
)
