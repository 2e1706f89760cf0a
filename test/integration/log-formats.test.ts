import { afterAll, beforeAll, expect, test } from 'vitest'
import { Understanding } from '../../daemon/logs/format/understand.ts'
import { Times } from '../../daemon/logs/format/times.ts'
import type { MemberPlaces } from '../../daemon/logs/format/json-scan.ts'
import { LineSieve } from '../../daemon/logs/scan/line-sieve.ts'
import { corpusNow, corpusZone, logCorpus } from '../support/log-corpus.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const zone = process.env['TZ']
beforeAll(() => {
  process.env['TZ'] = corpusZone
})
afterAll(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

const labels = ['time', 'level', 'kind', 'continues', 'messageAt'] as const

test('lines of all formats are understood as people labelled them', () => {
  const wrong = Object.fromEntries(labels.map((label) => [label, [] as string[]]))
  const formats = new Map<string, number>()
  let lines = 0
  for (const { name, lines: labelled } of logCorpus()) {
    const understanding = new Understanding({ now: () => corpusNow })
    for (const line of labelled) {
      lines++
      const found = understanding.understand(line.text)
      formats.set(found.format, (formats.get(found.format) ?? 0) + 1)
      for (const label of labels)
        if (found[label] !== line[label])
          wrong[label]?.push(`${name}: ${found[label]}, not ${line[label]} (${found.format}): ${line.text}`)
    }
  }
  const rights = labels.map(
    (label) => `${label} ${(100 - (100 * (wrong[label]?.length ?? 0)) / lines).toFixed(2)} %`,
  )
  figure('log-formats', `${lines} labelled lines of ${formats.size} formats: ${rights.join(', ')} right`)
  for (const label of labels)
    for (const text of wrong[label] ?? []) figure('log-formats', `${label} of ${text}`)
  for (const label of labels) expect(wrong[label]?.length, label).toBeLessThanOrEqual(lines / 100)
})

/** What makes a difference somewhere. */
const fragments = (
  ' - |:  | --- |: |\\|\\"|\\\\"|{|}|},|","|":|{"a":[{}]}|"level":"warn",|:""| |  |[|]|=|"|(x)|.|<0.1.0> |\t|-|,|T|Z|12|é|\u001b[31m|\r| in |main|INFO| ERROR |GET /a 200 5ms|' +
  '"GET / HTTP/1.1" 500|Traceback (most recent call last):|Caused by: x|at a.b(C.java:1)|created by x|' +
  `2026-11-22 19:30:33|java.io.IOException| [7] LOG:  x| 1 --- [a] b : c|${'x'.repeat(3000)}`
)
  .split('|')
  .concat('|')

const sieve = new LineSieve()
/** What is known of a line that is JSON, as of one that is read from a file. */
function membersOf(line: string): MemberPlaces | null {
  const bytes = Buffer.from(line)
  if (!line.startsWith('{') || bytes.length !== line.length) return null
  sieve.signsOf(bytes, Uint32Array.of(0), Uint32Array.of(bytes.length))
  return sieve.membersOf(bytes, 0, bytes.length)
}

test('a line is understood as if nothing had been remembered of the lines before it', () => {
  const random = new Random(41)
  const pick = <T>(values: readonly T[]): T | undefined => values[random.int(0, values.length - 1)]
  const sources = logCorpus().map(({ lines }) => lines.map(({ text }) => text))
  const lines = scale(60_000, 2_000_000)
  const wrong: string[] = []
  const times = new Times(() => corpusNow)
  for (let done = 0; done < lines;) {
    const source = pick(sources) ?? []
    const now = { now: () => corpusNow }
    const [one, other] = [new Understanding(now), new Understanding({ ...now, remembers: false })]
    for (let n = 0; n < 40; n++, done++) {
      let line = pick(random.int(0, 9) === 0 ? (pick(sources) ?? []) : source.slice(0, 3)) ?? ''
      for (let changes = random.int(0, 2); changes > 0; changes--) {
        const [at, end] = [random.int(0, line.length), random.int(0, line.length)]
        const tail = random.int(0, 2) === 0 ? line.slice(at) : line.slice(Math.max(at, end))
        line = line.slice(0, at) + (pick(fragments) ?? '') + tail
      }
      if (random.int(0, 1) === 0)
        line = line.replaceAll(/\d/g, (digit) => (digit > '1' && random.int(0, 5) === 0 ? '1' : digit))
      const [found, expected] = [one.understand(line, membersOf(line)), other.understand(line)]
      const [time, known] = [new Times(now.now), times].map((reader) => {
        const read = reader.iso(line, 0)
        return Number.isNaN(read) ? 'none' : `${read} ${reader.end} ${reader.zoned}`
      })
      if (time !== known) wrong.push(`${known}, not ${time}: ${line.slice(0, 300)}`)
      if (labels.some((label) => found[label] !== expected[label]) || found.format !== expected.format)
        wrong.push(`${JSON.stringify(found)}, not ${JSON.stringify(expected)}: ${line.slice(0, 300)}`)
    }
  }
  figure('log-formats', `${lines} lines like the one before, but for something: ${wrong.length} different`)
  expect(wrong.slice(0, 5)).toEqual([])
})
