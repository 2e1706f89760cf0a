import { mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { openOwnLog } from './own-log.ts'

test('each line is one JSON object whatever the message holds, and passes the redaction first', () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'qa-')), 'daemon.log')
  const log = openOwnLog(file, systemClock, (line) => line.replaceAll('hunter2', '***'))
  log.write('info', 'one\ntwo\u2028three hunter2', { n: 1 })
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    message: 'one\ntwo\u2028three ***',
    n: 1,
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('it is rotated by size, keeps three older files, and loses no line', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-'))
  const log = openOwnLog(path.join(folder, 'daemon.log'), systemClock, (line) => line)
  const filler = 'x'.repeat(100_000)
  for (let n = 0; n < 180; n++) log.write('info', filler, { n })
  const files = readdirSync(folder).sort()
  expect(files).toEqual(['daemon.log', 'daemon.log.1', 'daemon.log.2', 'daemon.log.3'])
  const numbers = ['daemon.log.3', 'daemon.log.2', 'daemon.log.1', 'daemon.log'].flatMap((name) =>
    readFileSync(path.join(folder, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n),
  )
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 180 - numbers.length + i))
})
