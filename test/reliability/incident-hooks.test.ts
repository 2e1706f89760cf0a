import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { statePaths } from '#base/state-paths.ts'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { ownRanges } from '../support/port-ranges.ts'
import { figure, scale } from '../support/scale.ts'

type Mode = 'well' | 'down' | 'slow' | 'failing'
const modes: readonly Mode[] = ['failing', 'well', 'down', 'well', 'slow', 'well']

interface Told {
  readonly id: string
  readonly environment: string
  readonly number: number
  readonly event: 'opened' | 'acknowledged' | 'resolved'
}

const order = ['opened', 'acknowledged', 'resolved'] as const

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** A server that is told of incidents and is often not well itself. What it takes counts when it has said so. */
async function hookServer() {
  const told: Told[] = []
  let mode: Mode = 'well'
  let posts = 0
  const take = async (request: IncomingMessage): Promise<number> => {
    const now = mode
    const body = await text(request)
    if (now === 'failing') return 500
    if (now === 'slow') await wait(700)
    told.push(JSON.parse(body) as Told)
    return 200
  }
  const make = () =>
    createServer((request, response) => {
      posts++
      void take(request).then((status) => response.writeHead(status).end())
    })
  let server = make()
  const port = await listen(server)
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  return {
    told,
    port,
    get posts() {
      return posts
    },
    async become(next: Mode) {
      if (next === mode) return
      if (next === 'down') close()
      else if (mode === 'down') await listen((server = make()), port)
      mode = next
    },
  }
}

test(
  'whoever is to be told of incidents is told of each event at least once and in order, over faults and kills',
  async () => {
    const [places, rounds, kills] = [scale(4, 12), scale(2, 6), scale(2, 5)]
    const hook = await hookServer()
    const ill = new Set<string>()
    const apps = createServer((request, response) =>
      response.writeHead(ill.has(request.url ?? '') ? 503 : 200).end(),
    )
    const port = await listen(apps)
    onTestFinished(() => {
      apps.closeAllConnections()
      apps.close()
    })
    const folder = mkdtempSync(path.join(tmpdir(), 'qa-hooks-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const names = Array.from({ length: places }, (_, index) => `place${index}`)
    mkdirSync(path.join(folder, 'shop'))
    const lines = [
      'admin:',
      '  run: { command: sleep 1 }',
      `  health: { notify: { webhook: { url: "http://127.0.0.1:${hook.port}/", headers: { X-Key: "secret:hook" } },`,
      `    command: "cat >> ${path.join(folder, 'told')}" } }`,
      '  environments:',
      ...names.map(
        (name) =>
          `    ${name}: { health: { url: "http://127.0.0.1:${port}/${name}", interval: 10m, failures: 1, successes: 1 } }`,
      ),
    ]
    writeFileSync(path.join(folder, 'shop', 'quantum.config.yaml'), lines.join('\n'))
    const home = temporaryHome()
    ownRanges(home)
    let daemon = await startDaemon({ home })
    onTestFinished(() => daemon.stop())
    let client: Client = daemon.client()
    onTestFinished(() => client.dispose())
    await client.call('secrets.set', { name: 'hook', value: 'opensesame' })
    await client.call('apps.add', { folder: path.join(folder, 'shop') })
    const open = async () => (await client.call('incidents.list', { open: true })).rows
    const check = async () => {
      await Promise.all(
        names.map((environment) => client.call('health.check', { app: 'shop', environment, check: 'http' })),
      )
    }
    let turn = 0
    for (let round = 0; round < rounds; round++) {
      for (const name of names) ill.add(`/${name}`)
      await hook.become(modes[turn++ % modes.length] ?? 'well')
      await check()
      await until(async () => (await open()).length === places)
      if (round < kills) {
        // Some of it is on its way, and some was not begun.
        await wait(100 * round)
        await daemon.kill()
        await client.dispose()
        daemon = await startDaemon({ home })
        client = daemon.client()
      }
      await hook.become(modes[turn++ % modes.length] ?? 'well')
      for (const { number } of await open()) await client.call('incidents.acknowledge', { number })
      ill.clear()
      await check()
      await until(async () => (await open()).length === 0)
      await wait(scale(200, 1500))
    }
    await hook.become('well')
    const hooks = () => client.call('incidents.hooks', {})
    await until(async () => (await hooks()).every(({ waiting }) => waiting === 0))
    const events = places * rounds * order.length
    const byCommand = readFileSync(path.join(folder, 'told'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Told)
    for (const [name, told] of [
      ['webhook', hook.told],
      ['command', byCommand],
    ] as const) {
      const { lost, unordered } = compare(told, events)
      const again = told.length - new Set(told.map(({ id }) => id)).size
      figure(
        'hooks',
        `${name}: ${places * rounds} incidents, ${events} events, ${kills} kills: ${lost} lost, ${unordered} out of order, ${again} told again${name === 'webhook' ? `, ${hook.posts} posts` : ''}`,
      )
      expect([name, lost, unordered]).toEqual([name, 0, 0])
    }
    expect(readFileSync(statePaths(home).log, 'utf8')).not.toContain('opensesame')
  },
  scale(60_000, 240_000),
)

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(50)
}

/** How many events are missing, and at how many a later one of the same incident had come before. */
function compare(told: readonly Told[], events: number) {
  const first = new Map<string, number>()
  let unordered = 0
  const last = new Map<number, number>()
  for (const { id, number, event } of told) {
    if (first.has(id)) continue
    first.set(id, first.size)
    const place = order.indexOf(event)
    if (place !== (last.get(number) ?? -1) + 1) unordered++
    last.set(number, place)
  }
  return { lost: events - first.size, unordered }
}
