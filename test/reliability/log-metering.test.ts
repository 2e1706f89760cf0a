import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RequestMeter, type RequestCount } from '../../daemon/logs/metering.ts'
import { FrameView } from '../../daemon/logs/segments/frame.ts'
import { LogStore } from '../../daemon/logs/segments/log-store.ts'
import { encodeFrame, RecordBatch } from '../../daemon/logs/segments/record-batch.ts'
import { Random } from '../support/random.ts'
import { scale } from '../support/scale.ts'

const now = Date.UTC(2026, 10, 23, 12)
let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'qa-meter-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sums = (counts: readonly RequestCount[]): Record<string, number> => {
  const found: Record<string, number> = {}
  for (const { app, level, at, requests, latency } of counts) {
    const key = `${app} ${level} ${at}`
    found[key] = (found[key] ?? 0) + requests * 1000 + latency.weight
  }
  return found
}

test('each request is counted once, whenever the daemon or the answer is lost', async () => {
  const random = new Random(7)
  for (let round = 0; round < scale(8, 500); round++) {
    const home = join(folder, String(round))
    let store = new LogStore(home)
    let meter = new RequestMeter(store.next, () => now)
    const start = (): void => {
      store = new LogStore(home)
      meter = new RequestMeter(store.next, () => now)
      store.onKept = (app, frame) => meter.count(app, frame)
    }
    start()
    const expected: RequestCount[] = []
    const counted: RequestCount[] = []
    let safe = 0
    for (let step = 0; step < 40; step++) {
      const what = random.int(0, 9)
      if (what < 6) {
        const app = random.pick(['shop', 'till'])
        const kind = random.pick(['access', 'application'] as const)
        const time = now - random.int(0, 3 * 24 * 60) * 60_000
        const bytes = Buffer.from(`GET /orders 200 ${random.int(1, 90)}ms\nmore`)
        const record = {
          time,
          timeFrom: 'line',
          level: null,
          kind,
          source: 's',
          format: 'request',
          messageAt: 0,
          bytes,
        } as const
        store.append(app, 's', RecordBatch.of([record]), null)
        const alone = new RequestMeter(1, () => now)
        alone.count(
          app,
          new FrameView(encodeFrame({ batch: RecordBatch.of([record]), first: 1, marks: {} }), 0),
        )
        expected.push(...(await alone.since(0, { next: 2, blocks: () => [] })).counts)
      } else if (what < 8) {
        const { through, counts } = await meter.since(safe, store)
        // Half of the answers never arrive.
        if (random.next() < 0.5) continue
        counted.push(...counts)
        safe = through
      } else {
        store.dispose()
        start()
      }
    }
    counted.push(...(await meter.since(safe, store)).counts)
    expect(sums(counted)).toEqual(sums(expected))
    store.dispose()
  }
})
