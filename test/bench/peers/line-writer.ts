import { appendFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

// node line-writer.ts FILE LINES-A-SECOND SECONDS: appends lines that begin with the time at which they were written,
// in nanoseconds of the clock that all processes share.
const [file = '', rate = '0', seconds = '0'] = process.argv.slice(2)
const started = process.hrtime.bigint()
const rest = ' INFO request handled in 12 ms path=/api/v1/users/42\n'
const total = Number(rate) * Number(seconds)
for (let written = 0; written < total;) {
  const now = process.hrtime.bigint()
  const due = Math.min(total, Math.floor((Number(now - started) / 1e9) * Number(rate)))
  if (due > written) appendFileSync(file, `${now}${rest}`.repeat(due - written))
  written = Math.max(due, written)
  await wait(1)
}
