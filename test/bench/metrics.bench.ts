import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { LinuxMachine } from '../../daemon/adapters/host/linux-machine.ts'
import type { MachineMeter } from '../../daemon/adapters/host/machine.ts'
import { SystemInformationMachine } from '../../daemon/adapters/host/systeminformation-machine.ts'
import { Understanding } from '../../daemon/logs/format/understand.ts'
import { LineSplitter } from '../../daemon/logs/intake/line-splitter.ts'
import { RequestMeter } from '../../daemon/logs/metering.ts'
import { RecordBuilder } from '../../daemon/logs/record-builder.ts'
import { LineSieve } from '../../daemon/logs/scan/line-sieve.ts'
import { LogStore } from '../../daemon/logs/segments/log-store.ts'
import { median, type Bench, type BenchRow } from './bench.ts'

// What counting requests adds to the reading and keeping of their lines, and what a look at the machine costs.

const rounds = 15
const count = 40_000
const now = Date.UTC(2026, 10, 22, 20)

const two = (value: number): string => String(value).padStart(2, '0')
const clock = (at: number): string => `19:${two(Math.floor(at / 60) % 60)}:${two(at % 60)}`

const kinds: Readonly<Record<string, (at: number) => string>> = {
  combined: (at) =>
    `10.0.0.${at % 250} - - [22/Nov/2026:${clock(at)} +0000] "GET /orders/${at} HTTP/1.1" 200 ${at} "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
  quantum: (at) => `2026-11-22 ${clock(at)} INFO     quantum.server - GET /orders/${at} 200 ${at % 90}ms`,
  'pino-http': (at) =>
    `{"level":30,"time":${now - at},"pid":7,"hostname":"app","req":{"method":"GET","url":"/orders/${at}"},"res":{"statusCode":200},"responseTime":${at % 90},"msg":"request completed"}`,
}

/** Nanoseconds for each line from its bytes to its place in the store. */
function nanoseconds(folder: string, pieces: readonly Buffer[], counted: boolean): number {
  const store = new LogStore(folder)
  const meter = new RequestMeter(store.next, () => now)
  if (counted) store.onKept = (app, frame) => meter.count(app, frame)
  const builder = new RecordBuilder({
    source: 'output',
    kind: 'application',
    understanding: new Understanding({ now: () => now }),
    sieve: new LineSieve(),
    now: () => now,
    held: null,
  })
  const began = performance.now()
  const splitter = new LineSplitter()
  for (const piece of pieces) store.append('shop', 'output', builder.add(splitter.push(piece)), null)
  const took = ((performance.now() - began) * 1e6) / count
  store.dispose()
  rmSync(folder, { recursive: true })
  return took
}

function countingOf(name: string, make: (at: number) => string): BenchRow {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-metering-'))
  const pieces = Array.from({ length: count / 1000 }, (_, piece) =>
    Buffer.from(Array.from({ length: 1000 }, (_, at) => `${make(piece * 1000 + at)}\n`).join('')),
  )
  const [plain, counted]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    plain.push(nanoseconds(path.join(folder, 'plain'), pieces, false))
    counted.push(nanoseconds(path.join(folder, 'counted'), pieces, true))
  }
  rmSync(folder, { recursive: true, force: true })
  return {
    what: `a ${name} line read, kept and counted`,
    unit: 'ns',
    ours: Math.min(...counted),
    peer: { name: 'the same without counting', value: Math.min(...plain) },
    ratio: 'ours-over-peer',
    goal: name === 'pino-http' ? 2 : 1.5,
  }
}

async function lookOf(meter: MachineMeter): Promise<number> {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    await meter.look()
    const { user, system } = process.cpuUsage(before)
    took.push((user + system) / 1000)
  }
  return median(took)
}

/** A clock on which a minute has passed each time, so that nothing is left out of a look. */
function minutes() {
  let at = 0
  return { ...systemClock, monotonic: () => (at += 60_000) }
}

export const bench: Bench = async () => {
  const look: BenchRow = {
    what: 'CPU of a look at the machine, without what the programs take that it starts',
    unit: 'ms',
    ours: await lookOf(new LinuxMachine(tmpdir())),
    peer: {
      name: 'systeminformation',
      value: await lookOf(new SystemInformationMachine(tmpdir(), minutes())),
    },
    ratio: 'peer-over-ours',
    goal: 4,
  }
  return [...Object.entries(kinds).map(([name, make]) => countingOf(name, make)), look]
}
