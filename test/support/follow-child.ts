import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { FileFollower, type LineBatch } from '../../daemon/logs/intake/file-follower.ts'
import { linesOf } from '../../daemon/logs/intake/lines.ts'
import type { FileCursor } from '../../daemon/logs/intake/place.ts'

// node follow-child.ts LOG OUT: follows a file and appends each batch to another: its lines, and then its cursor in a
// line of its own that makes them count. A test kills it at any moment.
const [log = '', out = ''] = process.argv.slice(2)
const mark = '\u0001cursor '

/** What was stored last; half a batch is no batch. */
function stored(): FileCursor | null {
  if (!existsSync(out)) return null
  const text = readFileSync(out, 'latin1')
  const at = text.slice(0, text.lastIndexOf('\n') + 1).lastIndexOf(mark)
  const end = at === -1 ? 0 : text.indexOf('\n', at) + 1
  truncateSync(out, end)
  return at === -1 ? null : (JSON.parse(text.slice(at + mark.length, end)) as FileCursor)
}

const recordOf = ({ blocks, notes, cursor }: LineBatch): Buffer => {
  const end = Buffer.from('\n')
  const said = notes.map((note) => Buffer.from(`\u0001note ${note}\n`))
  const last = Buffer.from(`${mark}${JSON.stringify(cursor)}\n`)
  return Buffer.concat([...said, ...blocks.flatMap(linesOf).flatMap(({ bytes }) => [bytes, end]), last])
}

const follower = new FileFollower(log, { cursor: stored() })
let told = Promise.withResolvers<void>()
follower.readable.on(() => told.resolve())
// A follower keeps no process alive.
setInterval(() => {}, 1000)
for (;;) {
  told = Promise.withResolvers()
  for (let batch; (batch = await follower.next(100_000)) !== null;) appendFileSync(out, recordOf(batch))
  await told.promise
}
