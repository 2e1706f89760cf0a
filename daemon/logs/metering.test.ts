import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Understanding } from './format/understand.ts'
import { RequestMeter } from './metering.ts'
import { requestFacts } from './request-facts.ts'
import { LogStore } from './segments/log-store.ts'
import { RecordBatch } from './segments/record-batch.ts'

const now = Date.UTC(2026, 10, 23, 12)
let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'qa-meter-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const facts = (line: string): unknown => {
  const { format } = new Understanding({ now: () => now }).understand(line)
  return requestFacts(line, format)
}

const clf = '1.2.3.4 - ana [23/Nov/2026:11:00:00 +0000] "GET /a HTTP/1.1" 404 12'
test.each([
  [clf, 404, null],
  [`${clf} "-" "curl/8"`, 404, null],
  ['1.2.3.4 - - [23/Nov/2026:11:00:00 +0000] "GET /\\" 500 \\"x HTTP/1.1" 201 12', 201, null],
  [`${clf} "-" "-" 7 "web@docker" "http://10.0.0.2" 41ms`, 404, 41],
  ['2026-11-22 19:30:33 INFO     quantum.server - GET /orders 200 12ms', 200, 12],
  ['GET /orders 503 1.5 s', 503, 1500],
  ['[GIN] 2026/11/22 - 19:30:33 | 200 |    1.25ms |       127.0.0.1 | GET      "/ping"', 200, 1.25],
  [
    '{"level":30,"time":1764000000000,"req":{"method":"GET"},"res":{"statusCode":201},"responseTime":8,"msg":"request completed"}',
    201,
    8,
  ],
  ['{"ts":1764000000.1,"logger":"http.log.access","level":"info","duration":0.25,"status":200}', 200, 250],
  ['{"remote_addr":"::1","status":200,"request_time":"0.010","method":"GET"}', 200, 10],
  ['{"DownstreamStatus":502,"Duration":1500000,"time":"2026-11-22T10:00:00Z","level":"info"}', 502, 1.5],
  // How long a thing is in a unit that nobody names is not guessed.
  ['{"remote_addr":"::1","status":200,"latency":12}', 200, null],
  ['1.2.3.4 - - [23/Nov/2026:11:00:00 +0000] "-" 000 0', null, null],
])('%s', (line, status, durationMs) => {
  expect(facts(line)).toEqual(status === null ? null : { status, durationMs })
})

test('numbers that begin anew, because logs were removed, are counted from the first', async () => {
  const store = new LogStore(folder)
  const meter = new RequestMeter(store.next, () => now)
  store.onKept = (app, frame) => meter.count(app, frame)
  const bytes = Buffer.from('GET /orders 200 1ms')
  store.append(
    'shop',
    's',
    RecordBatch.of([
      {
        time: now,
        timeFrom: 'line',
        level: null,
        kind: 'access',
        source: 's',
        format: 'request',
        messageAt: 0,
        bytes,
      },
    ]),
    null,
  )
  expect(await meter.since(5000, store)).toMatchObject({ through: 1, counts: [{ requests: 1 }] })
  expect(await meter.since(1, store)).toEqual({ through: 1, counts: [] })
  store.dispose()
})
