import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { percentile } from '../bench/bench.ts'
import { startDaemon } from '../support/daemon.ts'
import { figure, full, scale } from '../support/scale.ts'
import { memoryOf } from '../support/process-usage.ts'

const rate = 100_000
const seconds = scale(2, 60)
const total = rate * seconds
/** Told to be so by what a daemon needs that keeps nothing, and a page of a closed segment's records and its index. */
const mostMegabytes = 700

/** Writes its lines at a steady rate, whatever a timer is late by, and then says so. */
const program = `const { writeFileSync, writeSync } = require('node:fs')
const began = performance.now()
let next = 0
const say = (text) => { for (let rest = Buffer.from(text); rest.length > 0; ) {
  try { rest = rest.subarray(writeSync(1, rest)) } catch (error) { if (error.code !== 'EAGAIN') throw error }
} }
const tick = () => {
  const due = Math.min(${total}, Math.floor(((performance.now() - began) / 1000) * ${rate}))
  for (; next < due; ) {
    let text = ''
    for (const to = Math.min(due, next + 5000); next < to; next++)
      text += new Date().toISOString() + ' INFO  order ' + next + ' of a flood was stored in the table of orders\\n'
    say(text)
  }
  if (next < ${total}) return setTimeout(tick, 5)
  writeFileSync('done', String(performance.now() - began))
  setInterval(() => undefined, 1000000)
}
tick()
`

/** Calls until it is told to end. @returns how many milliseconds each took. */
async function callingBeside(client: Client, goesOn: () => boolean): Promise<readonly number[]> {
  const taken: number[] = []
  while (goesOn()) {
    const began = performance.now()
    await client.call('apps.list', {})
    taken.push(performance.now() - began)
    await wait(10)
  }
  return taken
}

/** How many records a search counts. */
async function counted(client: Client): Promise<number> {
  const { buckets } = await client.call('logs.histogram', { apps: ['flood'], query: 'order' })
  return buckets.reduce(
    (sum, { counts }) => sum + Object.values(counts).reduce((all, count) => all + count, 0),
    0,
  )
}

/** How often each line is found, and what else is. */
async function found(client: Client) {
  const times = new Uint8Array(total)
  const strange: string[] = []
  let before: string | undefined
  do {
    const page = await client.call('logs.search', { apps: ['flood'], before, limit: 1000 })
    for (const { text, level } of page.lines) {
      const number = /^\S+ INFO  order (\d+) of a flood was stored in the table of orders$/.exec(text)?.[1]
      if (number === undefined || level !== 'info') strange.push(text)
      else times[Number(number)] = (times[Number(number)] ?? 0) + 1
    }
    before = page.older ?? undefined
  } while (before !== undefined)
  return { missing: times.filter((n) => n === 0).length, again: times.filter((n) => n > 1).length, strange }
}

test(
  'a flood is kept whole, in bounded memory, and hinders no other call',
  async () => {
    const folder = path.join(realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-flood-'))), 'flood')
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'main.cjs'), program)
    const config = `admin: { run: { command: exec ${process.execPath} main.cjs, restart: { policy: never } } }\n`
    writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
    const daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    const client = daemon.client()
    onTestFinished(async () => {
      await daemon.cli('apps', 'stop', '--all', '--yes')
      await client.dispose()
      await daemon.stop()
      rmSync(path.dirname(folder), { recursive: true, force: true })
    })
    const pid = daemon.process.pid ?? 0
    await client.call('apps.add', { folder })
    const before = memoryOf(pid).now
    const written = (): number | null => {
      try {
        return Number(readFileSync(path.join(folder, 'done'), 'utf8'))
      } catch {
        return null
      }
    }
    const quietUntil = performance.now() + scale(500, 10_000)
    const quiet = await callingBeside(client, () => performance.now() < quietUntil)
    const starting = client.call('apps.start', { app: 'flood' })
    const taken = await callingBeside(client, () => written() === null)
    const ended = performance.now()
    await starting
    await expect.poll(() => counted(client), { timeout: 120_000, interval: 50 }).toBe(total)
    const behind = (performance.now() - ended) / 1000
    const { most } = memoryOf(pid)
    const p99 = percentile(taken, 99)
    figure(
      'flood',
      `${total} lines in ${((written() ?? 0) / 1000).toFixed(1)} s, all kept ${behind.toFixed(2)} s later: ` +
        `memory of the daemon ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most; ` +
        `${taken.length} other calls meanwhile: p50 ${percentile(taken, 50).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ` +
        `p99 of ${quiet.length} before it ${percentile(quiet, 99).toFixed(1)} ms`,
    )
    const { missing, again, strange } = await found(client)
    figure('flood', `${total} lines looked for: ${missing} missing, ${again} twice, ${strange.length} others`)
    expect({ missing, again, strange }).toEqual({ missing: 0, again: 0, strange: [] })
    expect(most).toBeLessThan(mostMegabytes)
    if (full) expect(p99).toBeLessThanOrEqual(100)
  },
  scale(60_000, 900_000),
)
