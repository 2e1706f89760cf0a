import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { figure } from '../support/scale.ts'
import { disksOf, LinuxMachine, memoryUsed, networksOf } from '../../daemon/adapters/host/linux-machine.ts'
import type { MachineMeter } from '../../daemon/adapters/host/machine.ts'
import { SystemInformationMachine } from '../../daemon/adapters/host/systeminformation-machine.ts'

const meters: readonly (readonly [string, () => MachineMeter])[] = [
  ...(process.platform === 'linux' ? [['Linux', () => new LinuxMachine(tmpdir())] as const] : []),
  ['systeminformation', () => new SystemInformationMachine(tmpdir(), systemClock)],
]

describe.each(meters)('%s', (name, create) => {
  test('a look tells what the machine uses, the CPU from the second one on', async () => {
    const meter = create()
    const first = await meter.look()
    expect(first.cpuPercent).toBeNull()
    await delay(60)
    const [began, before] = [performance.now(), process.cpuUsage()]
    const { cpuPercent, memoryBytes, diskBytes, load } = await meter.look()
    const { user, system } = process.cpuUsage(before)
    figure(
      `machine ${name}`,
      `a look: ${(performance.now() - began).toFixed(1)} ms, ${(user + system) / 1000} ms CPU`,
    )
    expect(cpuPercent).toBeGreaterThanOrEqual(0)
    expect(cpuPercent).toBeLessThanOrEqual(100)
    expect(memoryBytes).toBeGreaterThan(50e6)
    expect(diskBytes).toBeGreaterThan(1e6)
    if (process.platform !== 'win32') expect(load).toBeGreaterThanOrEqual(0)
    for (const { read, written } of first.disks ?? [])
      expect(Math.min(read, written)).toBeGreaterThanOrEqual(0)
    for (const { received, sent } of first.networks ?? [])
      expect(Math.min(received, sent)).toBeGreaterThanOrEqual(0)
  })
})

test.runIf(process.platform === 'linux')('both ways to look see the same machine', async () => {
  const [ours, theirs] = await Promise.all(meters.map(([, create]) => create().look()))
  const close = (one: number | null | undefined, other: number | null | undefined, share: number): void =>
    expect(Math.abs((one ?? Number.NaN) - (other ?? Number.NaN))).toBeLessThanOrEqual(share * (other ?? 0))
  close(ours?.memoryBytes, theirs?.memoryBytes, 0.1)
  close(ours?.diskBytes, theirs?.diskBytes, 0.01)
  const named = new Map(theirs?.networks?.map((one) => [one.name, one]))
  for (const { name, received } of ours?.networks ?? []) close(received, named.get(name)?.received, 0.05)
})

test('disks that are made of others, and networks that others carry, are not counted twice', () => {
  const diskstats = `   8       0 sda 10 0 200 0 5 0 80 0 0 0 0\n 8 1 sda1 10 0 200 0 5 0 80 0 0 0 0\n`
  expect(disksOf(diskstats, (name) => name === 'sda')).toEqual([
    { name: 'sda', read: 102_400, written: 40_960 },
  ])
  const head = 'Inter-|   Receive  |  Transmit\n face |bytes    packets\n'
  const row = (name: string, received: number) =>
    ` ${name}: ${received} 1 0 0 0 0 0 0 ${received * 2} 1 0 0 0 0 0 0\n`
  const dev = head + row('lo', 9) + row('eth0', 5) + row('veth1', 7)
  expect(networksOf(dev, (name) => name === 'eth0')).toEqual([{ name: 'eth0', received: 5, sent: 10 }])
  expect(networksOf(dev, () => false).map(({ name }) => name)).toEqual(['eth0', 'veth1'])
  expect(memoryUsed('MemTotal: 100 kB\n')).toBeNull()
})
