import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PortRow } from '#contract/resources.ts'
import type { Client } from '#client/client.ts'
import { Lifetime } from '#base/lifetime.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { withPeers } from '../support/peers.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'
import { SocketActor } from '../support/socket-actors.ts'
import { askSs, rowText, type SsRow } from '../support/ss.ts'

const rounds = scale(20, 200)
/** Ports of our own: above those of the host's test, below the ephemeral ones. Others' lie outside. */
const firstPort = 29_000 + (process.pid % 18) * 200
const lastPort = firstPort + 199
const isOurs = ({ port }: { readonly port: number }) => port >= firstPort && port <= lastPort

interface Open {
  readonly actor: SocketActor
  readonly id: number
  readonly parts: ('own' | 'child')[]
}

const linesOf = (sockets: readonly (SsRow | PortRow)[]) => sockets.map(rowText).sort()

/** Sockets of the host only: a published port that nobody listens on here is not in `ss`. */
const listening = (rows: readonly PortRow[]) =>
  rows.filter(({ pids, container }) => pids.length > 0 || !container)

const runnable = process.platform === 'linux' && withPeers('iproute2', 'docker', 'busybox')

describe.runIf(runnable).each([
  ['whose proxies listen on the host', true],
  ['whose published ports have no listener on the host', false],
])('ports list beside ss and docker ps, with an engine %s', (_engine, userlandProxy) => {
  let life = new Lifetime()
  let daemon: TestDaemon
  let client: Client
  let engine: TestEngine
  beforeAll(async () => {
    life = new Lifetime()
    engine = await startEngine({ userlandProxy })
    life.onDispose(() => engine.stop())
    await engine.makeImage('shop')
    daemon = await startDaemon({ env: { DOCKER_HOST: `unix://${engine.socket}` } })
    life.onDispose(() => daemon.stop())
    client = life.own(daemon.client())
  })
  afterAll(() => life.dispose())

  test(
    `after each of ${rounds} rounds of opening and closing, the list asked at once equals ss`,
    async () => {
      const random = new Random(userlandProxy ? 4711 : 4712)
      const actors = Array.from({ length: 4 }, () => life.own(new SocketActor()))
      let open: Open[] = []
      const containers: string[] = []
      let differences = 0
      let compared = 0
      for (let round = 0; round < rounds; round++) {
        for (let step = random.int(1, 6); step > 0; step--) {
          if (open.length > 0 && random.next() < 0.4) open = await closeOne(random, open)
          else open.push(...(await openOne(random, random.pick(actors))))
        }
        // Starting a container takes the engine longer than all else of a round.
        if (round % 4 === 0) await changeContainers(random, engine, containers)
        const before = askSs()
        const list = await client.call('ports.list', {})
        const after = askSs()
        expect(linesOf(before.filter(isOurs))).toEqual(linesOf(after.filter(isOurs)))
        compared += before.filter(isOurs).length
        differences += difference(
          linesOf(listening(list.rows.filter(isOurs))),
          linesOf(after.filter(isOurs)),
          round,
        )
        const published = await publishedPorts(engine)
        const shown = publicationsOf(list.rows)
        differences += difference(shown, published, round)
        compared += published.length
        const unheld = list.rows.filter(({ pids, container }) => pids.length === 0 && container !== null)
        expect(unheld.length).toBe(userlandProxy ? 0 : published.length)
      }
      figure(
        'truth',
        `${differences} differences to ss and docker ps in ${rounds} rounds, ${compared} sockets and published ports compared`,
      )
      expect(differences).toBe(0)
      await Promise.all(containers.map((id) => engine.docker('rm', '--force', id)))
      expect(publicationsOf((await client.call('ports.list', {})).rows)).toEqual([])
    },
    scale(60_000, 900_000),
  )

  test('the command line prints the same rows, and the holder that started first is in front', async () => {
    const actor = life.own(new SocketActor())
    const id = await actor.order({
      do: 'open',
      protocol: 'tcp',
      address: '::',
      port: lastPort,
      ipv6Only: false,
      connect: false,
      share: true,
    })
    const { stdout, code } = await daemon.cli('ports', 'list', '--json')
    expect(code).toBe(0)
    const row = (JSON.parse(stdout) as PortRow[]).find(({ port }) => port === lastPort)
    expect(row).toMatchObject({
      family: 'ipv6',
      address: '::',
      dualStack: true,
      pid: actor.pid,
      container: null,
    })
    expect(row?.pids).toHaveLength(2)
    expect(row?.pids[0]).toBe(actor.pid)
    await actor.order({ do: 'close', id, part: 'own' })
    const { rows } = await client.call('ports.list', {})
    expect(rows.find(({ port }) => port === lastPort)).toMatchObject({ pid: row?.pids[1], process: 'sleep' })
    await actor.order({ do: 'close', id, part: 'child' })
  })
})

/** Starts a container with published ports, or removes or stops one. */
async function changeContainers(random: Random, engine: TestEngine, containers: string[]): Promise<void> {
  const [oldest] = containers
  if (oldest !== undefined && (containers.length >= 4 || random.next() < 0.3)) {
    containers.shift()
    await engine.docker(...random.pick([['rm', '--force'], ['kill']]), oldest)
    return
  }
  const publish = Array.from({ length: random.int(1, 2) }, () => {
    const address = random.pick(['', '127.0.0.1:', '127.0.0.3:', '[::1]:'])
    const protocol = random.pick(['tcp', 'udp'])
    return ['--publish', `${address}${random.int(firstPort, lastPort - 1)}:${random.int(80, 99)}/${protocol}`]
  })
  try {
    containers.push((await engine.docker('run', '--detach', ...publish.flat(), 'shop')).trim())
  } catch (error) {
    // A random port may be taken by a socket of this round; the container is then made but not started.
    if (!/already (?:in use|allocated)|address in use/.test(String(error))) throw error
  }
}

/** `id protocol address port` of everything that `docker ps` shows as published. */
async function publishedPorts(engine: TestEngine): Promise<string[]> {
  const lines = (await engine.docker('ps', '--no-trunc', '--format', '{{.ID}} {{.Ports}}')).split('\n')
  return lines
    .flatMap((text) => {
      const [id = '', ...ports] = text.split(/,? +/)
      return ports.flatMap((port) => {
        const match = /^(.*):(\d+)->\d+\/(tcp|udp)$/.exec(port)
        return match ? [`${id} ${match[3]} ${match[1]?.replace(/^\[(.*)\]$/, '$1')} ${match[2]}`] : []
      })
    })
    .sort()
}

const publicationsOf = (rows: readonly PortRow[]): string[] =>
  rows
    .flatMap(({ container, protocol, address, port }) =>
      container ? [`${container.id} ${protocol} ${address} ${port}`] : [],
    )
    .sort()

function difference(list: readonly string[], ss: readonly string[], round: number): number {
  const extra = list.filter((socket) => !ss.includes(socket))
  const missing = ss.filter((socket) => !list.includes(socket))
  if (extra.length + missing.length === 0) return Math.abs(list.length - ss.length)
  console.log(`round ${round}: only listed: ${extra.join(' | ')}; only there: ${missing.join(' | ')}`)
  return extra.length + missing.length
}

async function openOne(random: Random, actor: SocketActor): Promise<Open[]> {
  const address = random.pick(['127.0.0.1', '0.0.0.0', '127.0.0.2', '::1', '::'])
  const protocol = random.pick(['tcp', 'udp'] as const)
  const share = protocol === 'tcp' && random.next() < 0.3
  const order = {
    do: 'open',
    protocol,
    address,
    port: random.int(firstPort, lastPort - 1),
    ipv6Only: random.next() < 0.5,
    connect: address !== '127.0.0.2' && random.next() < 0.2,
    share,
  } as const
  try {
    return [{ actor, id: await actor.order(order), parts: share ? ['own', 'child'] : ['own'] }]
  } catch (error) {
    // Two of the random choices may want one port; then there is one less to look at.
    if (String(error).includes('EADDRINUSE')) return []
    throw error
  }
}

/** Closes a socket where it was opened, or in the child it was shared with; the other keeps it open. */
async function closeOne(random: Random, open: readonly Open[]): Promise<Open[]> {
  const chosen = random.pick(open)
  const part = random.pick(chosen.parts)
  await chosen.actor.order({ do: 'close', id: chosen.id, part })
  const left = { ...chosen, parts: chosen.parts.filter((other) => other !== part) }
  return [...open.filter((other) => other !== chosen), ...(left.parts.length > 0 ? [left] : [])]
}
