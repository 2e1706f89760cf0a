import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { figure, scale } from '../support/scale.ts'

/** It answers 503 while it starts and while it ends, and takes its time for both. */
const program = `
const { existsSync } = require('node:fs')
const { setTimeout: wait } = require('node:timers/promises')
let status = 503
const server = require('node:http').createServer((_, response) =>
  response.writeHead(existsSync('broken') ? 503 : status).end(),
)
server.listen(process.env.PORT)
wait(300).then(() => (status = 200))
process.on('SIGTERM', () => {
  status = 503
  wait(300).then(() => process.exit(1))
})`

test(
  'restarts, and stops and starts, by command make no incident, whatever checks see meanwhile',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qa-planned-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(path.join(folder, 'shop'))
    writeFileSync(path.join(folder, 'shop', 'main.cjs'), program)
    const config = [
      'admin:',
      '  run: { command: exec node main.cjs }',
      '  health: { path: /health, interval: 1s, failures: 1, successes: 1 }',
    ]
    writeFileSync(path.join(folder, 'shop', 'quantum.config.yaml'), config.join('\n'))
    const daemon = await startDaemon()
    onTestFinished(() => daemon.stop())
    const client = daemon.client()
    onTestFinished(() => client.dispose())
    await client.call('apps.add', { folder: path.join(folder, 'shop') })
    onTestFinished(async () => void (await client.call('apps.stop', { app: 'shop' })))
    await client.call('apps.start', { app: 'shop' })
    const planned = { going: true, checks: 0, saw: new Set<string>() }
    const checking = (async () => {
      while (planned.going) {
        const rows = await client.call('health.check', { app: 'shop' })
        planned.checks++
        for (const { check, state } of rows) if (check === 'http') planned.saw.add(state)
      }
    })()
    const restarts = scale(4, 50)
    for (let restart = 0; restart < restarts; restart++) {
      if (restart % 4 === 3) {
        await client.call('apps.stop', { app: 'shop' })
        await client.call('apps.start', { app: 'shop' })
      } else await client.call('apps.restart', { app: 'shop' })
    }
    planned.going = false
    await checking
    const { rows } = await client.call('incidents.list', {})
    figure(
      'planned restarts',
      `${restarts} restarts, ${planned.checks} rounds of checks meanwhile: ${rows.length} incidents`,
    )
    expect(rows).toEqual([])
    // The checks were there to see it: what the app does without a command is one at once.
    expect(planned.saw).toContain('unknown')
    writeFileSync(path.join(folder, 'shop', 'broken'), '')
    const unplanned = async () => {
      await client.call('health.check', { app: 'shop' })
      return (await client.call('incidents.list', {})).rows.length
    }
    await expect.poll(unplanned, { timeout: 10_000 }).toBe(1)
  },
  scale(60_000, 300_000),
)
