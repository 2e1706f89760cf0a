import { writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Lease } from '#contract/leases.ts'
import { Failure } from '#base/failure.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const rounds = scale(5, 100)
const requests = 200
const strangerCount = 50
/** Ports of our own, below the ephemeral ones: enough for everybody, few enough that they meet. */
const first = 10_000 + (process.pid % 20) * 400
const last = first + 299

/** From when to when a stranger held a port for certain. */
interface Hold {
  readonly port: number
  readonly from: number
  to: number
}

interface Answer {
  readonly lease: Lease
  readonly asked: number
  readonly answered: number
}

/** Binds and lets go of random ports, over all families and protocols, until told to stop. */
async function stranger(random: Random, running: () => boolean, holds: Hold[]): Promise<void> {
  while (running()) {
    const port = random.int(first, last)
    const address = random.pick(['127.0.0.1', '0.0.0.0', '::1', '::'])
    const opened = random.next() < 0.7 ? await bindTcp(port, address) : await bindUdp(port, address)
    if (!opened) {
      await wait(1)
      continue
    }
    const hold = { port, from: performance.now(), to: Number.POSITIVE_INFINITY }
    holds.push(hold)
    // Some stay for a whole round and more, some for a moment.
    for (let left = random.next() < 0.3 ? 2000 : random.int(1, 150); left > 0 && running(); left -= 5)
      await wait(5)
    hold.to = performance.now()
    await opened.close()
  }
}

async function bindTcp(port: number, host: string) {
  const server = createServer().listen({ port, host, ipv6Only: true })
  try {
    await once(server, 'listening')
  } catch {
    return null
  }
  return { close: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

async function bindUdp(port: number, address: string) {
  const socket = createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })
  socket.bind({ port, address })
  try {
    await once(socket, 'listening')
  } catch {
    return null
  }
  return { close: () => new Promise<void>((resolve) => socket.close(() => resolve())) }
}

/** Asks for all names at once; null for those that the daemon did not live to answer. */
async function askAll(
  daemon: TestDaemon,
  names: readonly string[],
  onAnswer: () => void = () => undefined,
): Promise<(Answer | null)[]> {
  const client = daemon.client()
  const ask = async (name: string): Promise<Answer | null> => {
    const asked = performance.now()
    try {
      const lease = await client.call('leases.allocate', { name, kind: 'web' })
      const answered = performance.now()
      onAnswer()
      return { lease, asked, answered }
    } catch (error) {
      if (error instanceof Failure && error.code === 'daemon-unreachable') return null
      throw error
    }
  }
  try {
    return await Promise.all(names.map(ask))
  } finally {
    await client.dispose()
  }
}

async function listAll(daemon: TestDaemon): Promise<Map<string, number>> {
  const client = daemon.client()
  const { rows } = await client.call('leases.list', {})
  await client.dispose()
  expect(new Set(rows.map(({ port }) => port)).size, 'a port was leased twice').toBe(rows.length)
  return new Map(rows.map(({ name, port }) => [name, port]))
}

test(`${rounds} rounds of ${requests} requests at once among ${strangerCount} strangers, with kill -9 in between`, async () => {
  const home = temporaryHome()
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ leases: { ranges: { web: [first, last] } } }))
  const random = new Random(20_260_101)
  const holds: Hold[] = []
  const state = { running: true }
  const strangers = Array.from({ length: strangerCount }, (_, index) =>
    stranger(new Random(index), () => state.running, holds),
  )
  const counts = {
    acknowledged: 0,
    beforeKill: 0,
    unanswered: 0,
    lost: 0,
    duplicates: 0,
    taken: 0,
    heldThroughout: 0,
  }
  let daemon = await startDaemon({ home })
  try {
    for (let round = 0; round < rounds; round++) {
      const names = Array.from({ length: requests }, (_, index) => `r${round}/app-${index}`)
      const known = new Map<string, number>()
      const take = (answers: readonly (Answer | null)[], before: ReadonlyMap<string, number>) => {
        for (const answer of answers) {
          if (!answer) {
            counts.unanswered++
            continue
          }
          const { name, port } = answer.lease
          counts.acknowledged++
          const owner = [...known].find(([other, otherPort]) => otherPort === port && other !== name)
          if (owner || (known.has(name) && known.get(name) !== port)) counts.duplicates++
          known.set(name, port)
          // An older lease is answered again whoever has taken its port since; only new ones are given now.
          if (before.has(name)) continue
          const held = holds.filter((hold) => hold.from < answer.asked && hold.to > answer.answered)
          counts.heldThroughout += held.length
          counts.taken += held.filter((hold) => hold.port === port).length
        }
      }
      // Killed at a random time, or as soon as a random one of the answers is there.
      const killAfter = round % 2 === 0 ? random.int(1, requests / 2) : Number.POSITIVE_INFINITY
      const answered = Promise.withResolvers<void>()
      let answers = 0
      const asking = askAll(daemon, names, () => {
        if (++answers === killAfter) answered.resolve()
      })
      await Promise.race([
        answered.promise,
        wait(killAfter === Number.POSITIVE_INFINITY ? random.int(0, 100) : 60_000),
      ])
      await daemon.kill()
      take(await asking, new Map())
      counts.beforeKill += known.size

      daemon = await startDaemon({ home })
      const kept = await listAll(daemon)
      for (const [name, port] of known) if (kept.get(name) !== port) counts.lost++
      // Everybody asks again, some twice at once; whoever had a lease gets the same one.
      const again = await askAll(daemon, [...names, ...names.slice(0, 20)])
      expect(again.filter((answer) => answer === null)).toEqual([])
      for (const answer of again) {
        const had = kept.get(answer?.lease.name ?? '')
        if (had !== undefined && had !== answer?.lease.port) counts.lost++
      }
      take(again, kept)
      expect(await listAll(daemon)).toEqual(known)
      const client = daemon.client()
      await Promise.all(names.map((name) => client.call('leases.release', { name })))
      await client.dispose()
      expect(await listAll(daemon)).toEqual(new Map())
      const now = performance.now()
      for (let index = holds.length - 1; index >= 0; index--)
        if ((holds[index]?.to ?? now) < now) holds.splice(index, 1)
    }
  } finally {
    state.running = false
    await Promise.all(strangers)
    await daemon.stop()
  }
  figure(
    'leases',
    `${rounds} rounds x ${requests} requests: ${counts.duplicates} duplicates, ${counts.lost} lost, ` +
      `${counts.taken} given that a stranger held throughout (${counts.acknowledged} acknowledged, ${counts.beforeKill} of them before a kill, ` +
      `${counts.unanswered} cut off by kill -9, ${counts.heldThroughout} holds compared)`,
  )
  expect(counts).toMatchObject({ duplicates: 0, lost: 0, taken: 0 })
  // Without requests cut off and strangers in the way this would have shown nothing.
  expect(counts.unanswered).toBeGreaterThan(0)
  expect(counts.beforeKill).toBeGreaterThan(0)
  expect(counts.heldThroughout).toBeGreaterThan(requests)
}, 1_800_000)
