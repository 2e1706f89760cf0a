import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import type { LogLine } from '#contract/logs.ts'
import { errorOf } from '../support/cli.ts'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { figure, scale } from '../support/scale.ts'
import { startWritingApp } from '../support/writing-app.ts'

const soon = { timeout: 20_000 }

/** Of records as JSON lines. Their shape is what cli-logs.test.ts is about. */
const textsOf = (output: string): readonly string[] =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as LogLine).text)

test('lines are kept once and in order, however often the daemon is killed while they come', async () => {
  const home = temporaryHome()
  let daemon = await startDaemon({ home })
  onTestFinished(() => daemon.stop())
  const shop = await startWritingApp(daemon, 'shop')
  onTestFinished(() => shop.remove())
  const kills = scale(5, 20)
  const atOnce = scale(400, 5000)
  let written = 0
  for (let kill = 0; kill < kills; kill++) {
    const pieces = Array.from({ length: 10 }, () => {
      const lines = Array.from({ length: atOnce }, () => `line ${written++} of many\n`)
      return lines.join('')
    })
    const writing = (async () => {
      for (const piece of pieces) await shop.write(piece)
    })()
    await wait(kill * 7)
    await daemon.kill()
    daemon = await startDaemon({ home })
    await writing
  }
  const kept = async (): Promise<number> => Number((await daemon.cli('logs', 'shop', '--count')).stdout)
  await expect.poll(kept, { timeout: 60_000, interval: 200 }).toBe(written)
  const { stdout } = await daemon.cli('logs', 'shop', '--export', 'jsonl')
  const texts = textsOf(stdout)
  const wrong = texts.findIndex((text, index) => text !== `line ${index} of many`)
  figure(
    'R7',
    `${kills} kills of the daemon, ${written} lines: ${texts.length} kept, first out of place: ${wrong}`,
  )
  expect(texts).toHaveLength(written)
  expect(wrong).toBe(-1)
})

test('a folder in which nothing can be kept is named, hinders nothing else, and is used once it can be', async () => {
  const home = temporaryHome()
  const folder = statePaths(home).logStore
  writeFileSync(folder, 'a file is in the way')
  const daemon = await startDaemon({ home })
  onTestFinished(() => daemon.stop())
  const shop = await startWritingApp(daemon, 'shop')
  onTestFinished(() => shop.remove())
  await shop.write('hello\n')
  expect(errorOf(await daemon.cli('logs', 'shop', '--json'))).toMatchObject({ code: 'store-unavailable' })
  expect((await daemon.cli('logs')).stderr).toContain(folder)
  expect((await daemon.cli('apps', 'list')).code).toBe(0)
  rmSync(folder)
  const texts = async () => textsOf((await daemon.cli('logs', 'shop', '--json')).stdout)
  await expect.poll(texts, soon).toEqual(['hello'])
})
