import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** An app that writes what it is told to. */
export interface LogWriter {
  readonly folder: string
  /** Writes lines, the next time that it looks. */
  write(...lines: readonly string[]): void
  /** Writes so many lines `<word> <number>`, as fast as it can or so many a second. */
  flood(word: string, count: number, rate?: number): void
}

const program = `import { readFileSync, writeSync } from 'node:fs'
const say = (text) => { for (let rest = Buffer.from(text); rest.length > 0; ) {
  try { rest = rest.subarray(writeSync(1, rest)) } catch (error) { if (error.code !== 'EAGAIN') throw error }
} }
const flood = (word, from, to) => {
  for (; from < to; from += 1000)
    say(Array.from({ length: Math.min(1000, to - from) }, (_, i) => word + ' ' + (from + i) + '\\n').join(''))
}
const evenly = ({ word, count, rate }) => {
  const begun = performance.now()
  let written = 0
  const timer = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - begun) * rate) / 1000))
    flood(word, written, due)
    written = due
    if (written === count) clearInterval(timer)
  }, 10)
}
let done = 0
setInterval(() => {
  const orders = readFileSync('orders.jsonl', 'utf8').split('\\n').slice(0, -1)
  for (const order of orders.slice(done).map((text) => JSON.parse(text)))
    if (order.rate !== undefined) evenly(order)
    else if (order.lines !== undefined) say(order.lines.map((line) => line + '\\n').join(''))
    else flood(order.word, 0, order.count)
  done = orders.length
}, 50)
`

/** Makes the folder of an app named as its last part, for the daemon to run. */
export function makeLogWriter(folder: string): LogWriter {
  mkdirSync(folder, { recursive: true })
  const orders = path.join(folder, 'orders.jsonl')
  writeFileSync(orders, '')
  writeFileSync(path.join(folder, 'writer.mjs'), program)
  const command = `${JSON.stringify(process.execPath)} writer.mjs`
  const config = `admin:\n  name: ${path.basename(folder)}\n  run: { command: '${command}' }\n`
  writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
  const order = (value: object) => appendFileSync(orders, `${JSON.stringify(value)}\n`)
  return {
    folder,
    write: (...lines) => order({ lines }),
    flood: (word, count, rate) => order({ word, count, rate }),
  }
}
