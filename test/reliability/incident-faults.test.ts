import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { runtimeFlags } from '#client/launch.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { Fault } from '../support/fault.ts'
import { allFaults, sampleFaults, unknownFault } from '../support/faults.ts'
import { authority, removeAuthority } from '../support/fault-tls.ts'
import { FaultWorld, forget, intervalMs } from '../support/fault-world.ts'
import { withPeers } from '../support/peers.ts'
import { figure, full } from '../support/scale.ts'

/** A check is made again after its interval and the tenth of it by which checks are spread. */
const longestMs = intervalMs * 1.1
/** Faults that are tried at one time on one daemon: what the others do is noise to each. */
const atOnce = full ? 5 : 6

/** Whether this machine has what some faults need. */
function has(needed: Fault['needs']): boolean {
  if (needed === undefined) return true
  if (needed === 'mounts') return spawnSync('unshare', ['--mount', 'true']).status === 0
  return needed === 'git' ? withPeers('git') : withPeers('openssl', 'faketime')
}

let daemon: TestDaemon
let client: Client
let neighbours: string

beforeAll(async () => {
  // Mounts of its own, so that a disk can be filled that is nobody else's.
  const apart = has('mounts') ? ['unshare', '--mount', '--propagation', 'private'] : []
  const runtime = [...apart, process.execPath]
  daemon = await startDaemon({
    env: {
      DOCKER_HOST: 'unix:///nowhere/docker.sock',
      ...(full && has('faketime') ? { NODE_EXTRA_CA_CERTS: authority() } : {}),
    },
    runtime: [...runtime, ...runtimeFlags],
  })
  client = daemon.client()
  neighbours = mkdtempSync(path.join(tmpdir(), 'qa-neighbour-'))
})
afterAll(async () => {
  const { rows } = await client.call('apps.list', {})
  for (const { name } of rows) await forget(client, name)
  await client.dispose()
  await daemon.stop()
  removeAuthority()
  rmSync(neighbours, { recursive: true, force: true })
})

/** An app that nobody has to do with. */
async function neighbour(name: string): Promise<string> {
  const folder = path.join(neighbours, name)
  mkdirSync(folder)
  const program = `require('node:http').createServer((_, r) => r.end()).listen(process.env.PORT)`
  writeFileSync(path.join(folder, 'server.cjs'), program)
  writeFileSync(
    path.join(folder, 'quantum.config.yaml'),
    'admin: { run: { command: exec node server.cjs $PORT } }',
  )
  await client.call('apps.add', { folder })
  await client.call('apps.start', { app: name })
  return name
}

interface Said {
  readonly fault: string
  readonly first: string
  readonly isRight: boolean
  /** Null when there was none. */
  readonly errorMs: number | null
}

/** @param isNoisy - whether harmless things happen around it as well. */
async function tried(fault: Fault, name: string, isNoisy: boolean): Promise<Said> {
  const world = new FaultWorld(daemon, client, name)
  try {
    const beside = isNoisy ? await neighbour(`${name}-beside`) : null
    const breakIt = await fault.build(world)
    if (beside !== null) {
      if (fault.kinds[0] !== 'certificate') await world.quietly()
      await world.busily(beside, path.join(neighbours, beside))
    }
    const truth = await breakIt()
    const { timeline } = await world.incident()
    const [cause] = timeline.causes
    const event = cause === undefined ? undefined : timeline.events[cause.event]
    const first = cause === undefined ? 'nothing is known' : `${event?.kind}: ${cause.text}`
    const isRight =
      event !== undefined && fault.kinds.includes(event.kind) && fault.says.test(cause?.text ?? '')
    return { fault: fault.name, first, isRight, errorMs: Date.parse(timeline.onset) - truth }
  } catch (error) {
    return { fault: fault.name, first: String(error), isRight: false, errorMs: null }
  } finally {
    await world.dispose()
    if (isNoisy) await forget(client, `${name}-beside`)
  }
}

const isOnTime = ({ errorMs }: Said): boolean =>
  errorMs !== null && errorMs >= -intervalMs && errorMs <= longestMs

test(
  'what changed first before an app failed is the first thing that is said of it',
  { timeout: 600_000 },
  async () => {
    const wanted = full ? allFaults : sampleFaults
    const faults = wanted.filter(({ needs }) => has(needs))
    for (const { name, needs } of wanted.filter((fault) => !faults.includes(fault)))
      figure('fault skipped', `${name}: this machine has no ${needs}`)
    const said: Said[] = []
    const queue = faults.map((fault, index) => ({ fault, index }))
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        said.push(await tried(next.fault, `shop${next.index}`, next.index % 2 === 1))
    }
    const unknown = tried(unknownFault, 'unknown', true)
    await Promise.all([unknown, ...Array.from({ length: atOnce }, work)])
    figure('fault of which nothing is known', `${unknownFault.name} -> ${(await unknown).first}`)
    for (const { fault, first, isRight, errorMs } of said)
      figure(isRight ? 'fault' : 'fault MISSED', `${fault} -> ${first}; onset ${errorMs ?? '?'} ms`)
    const right = said.filter(({ isRight }) => isRight).length
    const onTime = said.filter(isOnTime).length
    figure('incident-causes', `${right} of ${said.length} first, onset within an interval in ${onTime}`)
    expect((await unknown).first).toBe('nothing is known')
    expect(right).toBeGreaterThanOrEqual(Math.floor(said.length * 0.9))
    expect(onTime).toBeGreaterThanOrEqual(Math.floor(said.length * 0.9))
  },
)
