import * as z from 'zod'
import { expect, onTestFinished, test } from 'vitest'
import type { LogForwardRow } from '#contract/logs.ts'
import { startTarget } from '../../daemon/logs/forwarding/target-server.fixture.ts'
import { dataOf, errorOf } from '../support/cli.ts'
import { startDaemon } from '../support/daemon.ts'
import { startWritingApp } from '../support/writing-app.ts'

const row = z.strictObject({
  app: z.string(),
  kind: z.enum(['loki', 'otlp']),
  url: z.string(),
  state: z.enum(['current', 'sending', 'retrying', 'stopped']),
  behind: z.int(),
  sent: z.int(),
  refused: z.int(),
  lost: z.int(),
  sentTo: z.nullable(z.iso.datetime()),
  error: z.nullable(z.strictObject({ at: z.iso.datetime(), message: z.string() })),
  nextAt: z.nullable(z.iso.datetime()),
})

test('how far logs were sent is told, as long as they are forwarded, and what is in the way', async () => {
  const target = await startTarget('loki')
  onTestFinished(() => target.close())
  const daemon = await startDaemon()
  onTestFinished(() => daemon.stop())
  const none = await daemon.cli('logs', 'forward')
  expect([none.code, none.stdout]).toEqual([
    0,
    expect.stringMatching(/^Nothing is forwarded\. `admin\.logs\.forward`/),
  ])
  const config = `admin: { logs: { forward: { kind: loki, url: "${target.url}", tenant: ana } } }\n`
  const shop = await startWritingApp(daemon, 'shop', config)
  onTestFinished(() => shop.remove())
  await shop.write('hello\n')
  const rows = async () =>
    dataOf(await daemon.cli('logs', 'forward', 'shop', '--json')) as readonly LogForwardRow[]
  await expect.poll(rows, { timeout: 10_000 }).toMatchObject([{ app: 'shop', state: 'current', sent: 1 }])
  expect(z.array(row).safeParse(await rows()).error?.issues ?? []).toEqual([])
  const { stdout } = await daemon.cli('logs', 'forward')
  expect(stdout).toMatch(
    /^APP +TO +STATE +BEHIND +SENT +UP TO\nshop +loki http:\S+ +current +0 +1 +(?:just now|\d+ s ago)/,
  )
  target.behave = () => ({ do: 'answer', status: 403, body: 'tenant ana is not \u001b[2Jallowed' })
  await shop.write('more\n')
  await expect.poll(rows, { timeout: 10_000 }).toMatchObject([{ state: 'stopped', behind: 1 }])
  const stopped = await daemon.cli('logs', 'forward')
  expect(stopped.stdout).toContain('it answered 403: tenant ana is not')
  expect(stopped.stdout).not.toContain('\u001b')
  const doctor = await daemon.cli('doctor')
  expect(doctor.stdout).toMatch(/FAILED +Log forwarding +shop: it answered 403/)
  expect(errorOf(await daemon.cli('logs', 'forward', 'nobody', '--json'))).toMatchObject({
    code: 'not-found',
  })
  expect((await daemon.cli('logs', 'forward', '--follow')).stderr).toContain(
    '--follow does not go with logs forward',
  )
})
