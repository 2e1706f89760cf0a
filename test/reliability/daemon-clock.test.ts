import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { findProgram, peers, withPeers } from '../support/peers.ts'
import { figure } from '../support/scale.ts'

describe.runIf(withPeers('faketime') && process.platform === 'linux')('R6', () => {
  test('when the clock jumps, the trail keeps its order, clients stay, and nothing is ended early', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qa-clock-'))
    const clock = path.join(folder, 'clock')
    const jump = (offset: string) => writeFileSync(clock, `${offset}\n`)
    jump('+0')
    const daemon = await startDaemon({
      env: {
        LD_PRELOAD: findProgram(peers.faketime.files) ?? '',
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        // The monotonic clock never jumps; it is the one that intervals must go by.
        DONT_FAKE_MONOTONIC: '1',
        QUANTUM_ADMIN_IDLE_SECONDS: '3600',
      },
    })
    const client = daemon.client()
    const years: string[] = []
    const offsets = ['+1', '-1', '+3600', '-3600', '+10y', '-10y', '+0']
    for (const [index, offset] of offsets.entries()) {
      jump(offset)
      await sleep(30)
      await client.call('leases.allocate', { name: `lease-${index}` })
      const { entries } = await client.call('audit.list', { limit: 1 })
      years.push((entries[0]?.timestamp ?? '').slice(0, 4))
      // Longer than the sweep for stalled readers and expired tokens.
      await sleep(1100)
      expect(client.state.state).toBe('connected')
    }
    expect(new Set(years).size).toBeGreaterThanOrEqual(3)
    const { entries } = await client.call('audit.list', { limit: 100 })
    expect(entries.map(({ resource }) => resource.name)).toEqual(
      offsets.map((_, i) => `lease-${i}`).toReversed(),
    )
    expect(entries.every(({ outcome }) => outcome === 'ok')).toBe(true)
    const sequences = entries.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => b - a))
    expect(
      entries.every(({ durationMs }) => durationMs !== null && durationMs >= 0 && durationMs < 60_000),
    ).toBe(true)
    expect(await client.call('audit.verify', {})).toMatchObject({ ok: true })
    figure('R6', `${offsets.length} jumps up to 10 years: order by sequence, 0 clients lost, chain whole`)
    await client.dispose()
    await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  })
})
