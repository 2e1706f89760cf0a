import { Understanding } from '../../daemon/logs/format/understand.ts'
import { median, type Bench, type BenchRow } from './bench.ts'

const rounds = 15
const count = 20_000

const two = (value: number) => String(value).padStart(2, '0')
const clock = (at: number) =>
  `${two(Math.floor(at / 3600) % 24)}:${two(Math.floor(at / 60) % 60)}:${two(at % 60)}`

/** Lines as programs write them most. Joined and cut again, so that each is a string of its own as those of a file are. */
const lines = (make: (at: number) => string): readonly string[] =>
  Buffer.from(Array.from({ length: count }, (_, at) => make(at)).join('\n'))
    .toString()
    .split('\n')
    .map((line) => Buffer.from(line).toString())

const kinds = {
  pino: lines(
    (at) =>
      `{"level":30,"time":${1_795_375_833_123 + at},"pid":7,"hostname":"app","req":{"method":"GET","url":"/orders/${at}"},"msg":"incoming request"}`,
  ),
  combined: lines(
    (at) =>
      `10.0.0.${at % 250} - - [22/Nov/2026:${clock(at)} +0000] "GET /orders/${at} HTTP/1.1" 200 ${at} "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
  ),
  quantum: lines(
    (at) => `2026-11-22 ${clock(at)} INFO     quantum.server - GET /orders/${at} 200 ${at % 90}ms`,
  ),
  python: lines((at) => `2026-11-22 ${clock(at)},123 [INFO] order ${at} was stored in the table`),
  postgresql: lines((at) => `2026-11-22 ${clock(at)}.123 UTC [${at}] LOG:  checkpoint starting: time ${at}`),
  'spring-boot': lines(
    (at) =>
      `2026-11-22T${clock(at)}.123Z  INFO 7 --- [app] [nio-8080-exec-1] c.e.orders.OrderService : stored order ${at}`,
  ),
  logfmt: lines((at) => `time=2026-11-22T${clock(at)}.123Z level=INFO msg="order ${at} stored" user=${at}`),
  nginx: lines(
    (at) => `2026/11/22 ${clock(at)} [error] 7#7: *${at} open() "/x/${at}" failed (2: No such file)`,
  ),
  uvicorn: lines((at) => `INFO:     127.0.0.1:${at} - "GET /orders/${at} HTTP/1.1" 200 OK`),
  plain: lines((at) => `Server number ${at} is listening`),
}

/** Nanoseconds of processor time for each line, the middle of the rounds. */
function nanosecondsFor(all: readonly string[], work: (line: string) => unknown): number {
  const once = () => {
    const before = process.cpuUsage()
    for (const line of all) work(line)
    return (process.cpuUsage(before).user * 1000) / all.length
  }
  for (let round = 0; round < 5; round++) once()
  return median(Array.from({ length: rounds }, once))
}

/** What people write who only want this one format. */
const combined = /^(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+|-)(?: "([^"]*)" "([^"]*)")?/
const dateOf = (text: string) => Date.parse(text.replace(':', ' ').replaceAll('/', ' '))
const byExpression = (line: string) => {
  const match = combined.exec(line)
  return match === null ? null : { time: dateOf(match[4] ?? ''), status: Number(match[6]) }
}
const byParsing = (line: string) => {
  const { level, time } = JSON.parse(line) as { readonly level: number; readonly time: number }
  return { level, time }
}

export const bench: Bench = () => {
  const ours = Object.fromEntries(
    Object.entries(kinds).map(([name, all]) => {
      const understanding = new Understanding({ now: () => Date.UTC(2026, 10, 23) })
      return [name, nanosecondsFor(all, (line) => understanding.understand(line))]
    }),
  )
  const each = Object.entries(ours).map(([name, value]) => `${name} ${(1000 / value).toFixed(2)}`)
  console.log(`log-formats: million lines for each second of one processor: ${each.join(', ')}`)
  const row = (what: string, value: number, name: string, peer: number, goal: number): BenchRow => ({
    what,
    unit: 'ns',
    ours: value,
    peer: { name, value: peer },
    ratio: 'ours-over-peer',
    goal,
  })
  return Promise.resolve([
    // JSON.parse knows nothing of levels, times and formats; it is there for its speed.
    row('a line of pino', ours['pino'] ?? Number.NaN, 'JSON.parse', nanosecondsFor(kinds.pino, byParsing), 2),
    row(
      'a combined access line',
      ours['combined'] ?? Number.NaN,
      'one regular expression and Date.parse',
      nanosecondsFor(kinds.combined, byExpression),
      1,
    ),
  ])
}
