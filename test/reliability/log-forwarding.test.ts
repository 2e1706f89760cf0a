import { setTimeout as wait } from 'node:timers/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import type { ForwardKind } from '#contract/log-words.ts'
import type { LogForwardRow } from '#contract/logs.ts'
import { startTarget, type Behaviour } from '../../daemon/logs/forwarding/target-server.fixture.ts'
import { numbers } from '../../daemon/logs/logs.fixture.ts'
import { dataOf } from '../support/cli.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { figure, scale } from '../support/scale.ts'
import { startWritingApp } from '../support/writing-app.ts'
import { memoryOf } from '../support/process-usage.ts'

const forwarded = (kind: ForwardKind, url: string): string =>
  `admin:\n  logs:\n    forward: { kind: ${kind}, url: "${url}", token: "secret:engine" }\n`

async function rowOf(daemon: TestDaemon): Promise<LogForwardRow | undefined> {
  // The shape of its answer is what cli-log-forwarding.test.ts is about.
  return (dataOf(await daemon.cli('logs', 'forward', '--json')) as readonly LogForwardRow[])[0]
}

/** The first of all goes wrong, and then one of two. */
function anyBehaviour(next: (below: number) => number): Behaviour {
  const bad: readonly Behaviour[] = [
    { do: 'answer', status: 503, headers: { 'retry-after': '1' } },
    { do: 'answer', status: 429, headers: { 'retry-after': '0' }, body: 'Ingestion rate limit exceeded' },
    { do: 'answer', status: 500, body: 'empty ring' },
    { do: 'take and break off' },
    { do: 'reset' },
    { do: 'take slowly', ms: 600 },
  ]
  return bad[next(bad.length * 2)] ?? { do: 'take' }
}

test.each(['loki', 'otlp'] as const)(
  '%s: every line arrives in order over faults and kills, and twice only what was on its way',
  async (kind) => {
    const target = await startTarget(kind)
    onTestFinished(() => target.close())
    const next = numbers(kind.length * 7)
    const faults = Array.from({ length: 10_000 }, () => anyBehaviour(next))
    target.behave = (request) => faults[request - 1] ?? { do: 'answer', status: 503 }
    const home = temporaryHome()
    let daemon = await startDaemon({ home })
    onTestFinished(() => daemon.stop())
    await setSecret(daemon, 'opensesame')
    const shop = await startWritingApp(daemon, 'shop', forwarded(kind, target.url))
    onTestFinished(() => shop.remove())
    await expect.poll(() => rowOf(daemon)).toMatchObject({ state: 'current' })
    const kills = scale(2, 20)
    let written = 0
    for (let kill = 0; kill < kills; kill++) {
      for (let piece = 0; piece < 4; piece++) {
        const lines = Array.from({ length: scale(300, 1500) }, () => `line ${written++} of many\n`)
        await shop.write(lines.join(''))
        await wait(100 + next(900))
      }
      await daemon.kill()
      daemon = await startDaemon({ home })
    }
    target.behave = () => ({ do: 'take' })
    await expect
      .poll(() => rowOf(daemon), { timeout: 90_000, interval: 300 })
      .toMatchObject({ state: 'current', behind: 0, refused: 0, lost: 0 })
    expect(target.wrong).toEqual([])
    const arrived = target.taken.map(({ text, request }) => ({ number: Number(text.split(' ')[1]), request }))
    const missing = written - new Set(arrived.map(({ number }) => number)).size
    // A line that comes again belongs to a request that goes on exactly where one before it began or went on.
    let expected = 0
    const wrong = arrived.filter(({ number, request }, index) => {
      const first = index === 0 || arrived[index - 1]?.request !== request
      const isNext = number === expected || (first && number < expected)
      expected = number + 1
      return !isNext
    })
    const again = repeated(arrived)
    figure(
      'forwarding',
      `${kind}: ${kills} kills, ${target.requests.length} requests, ${written} lines: ${missing} missing, ${wrong.length} out of order, ${arrived.length - written} came again, by ${again.most} at most from before the batch on its way`,
    )
    expect([missing, wrong.length, again.most]).toEqual([0, 0, 0])
    const told = readFileSync(statePaths(home).log, 'utf8') + JSON.stringify(await rowOf(daemon))
    expect(told).not.toContain('opensesame')
  },
  scale(60_000, 300_000),
)

/** By how many lines any request begins before the last one that was taken. */
function repeated(arrived: readonly { readonly number: number; readonly request: number }[]) {
  const begins = new Map<number, number>()
  for (const { number, request } of arrived) if (!begins.has(request)) begins.set(request, number)
  const firsts = [...begins.values()]
  const most = firsts.reduce((worst, first, index) => Math.max(worst, (firsts[index - 1] ?? 0) - first), 0)
  return { most }
}

const setSecret = async (daemon: TestDaemon, value: string): Promise<void> => {
  const client = daemon.client()
  await client.call('secrets.set', { name: 'engine', value })
  await client.dispose()
}

test(
  'a target that hangs holds up nothing and what is kept is sent once the configuration names another',
  async () => {
    const dead = await startTarget('loki')
    dead.behave = () => ({ do: 'hang' })
    onTestFinished(() => dead.close())
    const alive = await startTarget('loki')
    onTestFinished(() => alive.close())
    const daemon = await startDaemon()
    onTestFinished(() => daemon.stop())
    await setSecret(daemon, 'opensesame')
    const shop = await startWritingApp(daemon, 'shop', forwarded('loki', dead.url))
    onTestFinished(() => shop.remove())
    await shop.write('first\n')
    await expect.poll(() => dead.requests.length, { timeout: 10_000 }).toBe(1)
    const total = scale(20_000, 1_000_000)
    const rss = (): number => memoryOf(daemon.process.pid ?? 0).now
    const before = rss()
    const lines = scale(5000, 20_000)
    for (let from = 0; from < total; from += lines)
      await shop.write(Array.from({ length: lines }, (_, index) => `line ${from + index}\n`).join(''))
    const count = async () => Number((await daemon.cli('logs', 'shop', '--count')).stdout)
    await expect.poll(count, { timeout: 30_000 }).toBe(total + 1)
    const grown = rss() - before
    const row = await rowOf(daemon)
    expect(row).toMatchObject({ state: 'sending', behind: total + 1, sent: 0 })
    expect(dead.requests).toHaveLength(1)
    writeFileSync(path.join(shop.folder, 'quantum.config.yaml'), forwarded('loki', alive.url))
    const began = performance.now()
    await expect
      .poll(() => rowOf(daemon), { timeout: scale(10_000, 60_000) })
      .toMatchObject({ state: 'current', sent: total + 1 })
    const seconds = (performance.now() - began) / 1000
    figure(
      'forwarding',
      `${total} lines while a target hangs: ${grown.toFixed(0)} MiB more in memory; sent in ${seconds.toFixed(1)} s and ${alive.requests.length} requests to another`,
    )
    expect(alive.taken.map(({ text }) => text).slice(0, 2)).toEqual(['first', 'line 0'])
    expect(alive.taken.at(-1)?.text).toBe(`line ${total - 1}`)
  },
  scale(60_000, 300_000),
)
