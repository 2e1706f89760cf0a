import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { realpathSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Host, HostProcess, HostSocket } from '../../daemon/adapters/host/host.ts'
import { Actor } from './host-actor.ts'
import { withChange } from './change.ts'

/** What an implementation can tell; what it cannot it leaves empty or null, and never makes up. */
export interface Knowledge {
  readonly udp: boolean
  readonly dualStack: boolean
  /** Every holder of a shared socket, rather than one of them. */
  readonly holders: boolean
  /** Working folders, and arguments exactly as given. */
  readonly exact: boolean
}

const idle = 'setInterval(() => undefined, 1000)'

/** The rules for every {@link Host}, tried on real sockets and processes of this machine. */
export function hostContract(name: string, make: () => Host, knows: Knowledge): void {
  describe(name, () => {
    let host: Host
    const children: ChildProcess[] = []
    const servers: Server[] = []

    beforeEach(() => {
      host = make()
    })
    afterEach(async () => {
      for (const server of servers.splice(0)) server.close()
      await Promise.all(children.splice(0).map(end))
    })

    const start = async (args: readonly string[], cwd?: string): Promise<ChildProcess> => {
      const child = spawn(process.execPath, args, { stdio: 'ignore', ...(cwd === undefined ? {} : { cwd }) })
      children.push(child)
      await once(child, 'spawn')
      return child
    }
    const listen = async (options: { host: string; ipv6Only?: boolean }): Promise<number> => {
      const server = createServer()
      servers.push(server)
      server.listen({ ...options, port: 0 })
      await once(server, 'listening')
      return portOf(server)
    }
    const listed = async (port: number): Promise<readonly HostSocket[]> =>
      (await host.sockets()).sockets.filter((socket) => socket.port === port)
    /** The process as the next look shows it. */
    const seen = async (child: ChildProcess): Promise<HostProcess | undefined> =>
      (await host.processes()).processes.find(({ pid }) => pid === child.pid)

    /** A rule for what an implementation tells at all. */
    const onlyIf = (told: boolean) => (rule: string, check: () => Promise<void>) => {
      if (told) test(rule, check)
    }

    test('a listening socket is one row with its address, its port and its holder', async () => {
      const port = await listen({ host: '127.0.0.1' })
      expect(await listed(port)).toMatchObject([
        {
          protocol: 'tcp',
          family: 'ipv4',
          address: '127.0.0.1',
          port,
          dualStack: false,
          pids: [process.pid],
        },
      ])
    })

    test('any address and IPv6 addresses are told in their shortest form', async () => {
      const any = await listen({ host: '0.0.0.0' })
      const local = await listen({ host: '::1' })
      expect(await listed(any)).toMatchObject([{ family: 'ipv4', address: '0.0.0.0' }])
      expect(await listed(local)).toMatchObject([{ family: 'ipv6', address: '::1', dualStack: false }])
    })

    onlyIf(knows.dualStack)('a socket on :: says whether it takes IPv4 too', async () => {
      const both = await listen({ host: '::' })
      const only = await listen({ host: '::', ipv6Only: true })
      expect(await listed(both)).toMatchObject([{ family: 'ipv6', address: '::', dualStack: true }])
      expect(await listed(only)).toMatchObject([{ family: 'ipv6', address: '::', dualStack: false }])
    })

    test('a connection is not a row, and a closed socket is none any more', async () => {
      const port = await listen({ host: '127.0.0.1' })
      const connection = connect(port, '127.0.0.1')
      await once(connection, 'connect')
      const { localPort } = connection
      expect(await listed(port)).toHaveLength(1)
      expect(await listed(localPort ?? 0)).toEqual([])
      connection.destroy()
      const server = servers.pop()
      server?.close()
      await wait(0)
      expect(await listed(port)).toEqual([])
    })

    onlyIf(knows.udp)('a UDP socket is a row until it is connected', async () => {
      const socket = createSocket('udp4')
      try {
        socket.bind(0, '127.0.0.1')
        await once(socket, 'listening')
        const { port } = socket.address()
        expect(await listed(port)).toMatchObject([
          { protocol: 'udp', family: 'ipv4', address: '127.0.0.1', pids: [process.pid] },
        ])
        socket.connect(9, '127.0.0.1')
        await once(socket, 'connect')
        expect(await listed(port)).toEqual([])
      } finally {
        socket.close()
      }
    })

    onlyIf(knows.holders)(
      'a socket shared by fork names every holder, the first started in front',
      async () => {
        const actor = await Actor.start()
        try {
          const port = 29_101
          await actor.open(1, { protocol: 'tcp', host: '127.0.0.1', port, ipv6Only: false, reusePort: false })
          const forked = await actor.fork([1])
          expect((await listed(port)).map(({ pids }) => pids)).toEqual([[actor.pid, forked]])
          await actor.close(1)
          expect((await listed(port)).map(({ pids }) => pids)).toEqual([[forked]])
          await actor.end(forked)
          expect(await listed(port)).toEqual([])
        } finally {
          await actor.stop()
        }
      },
    )

    onlyIf(knows.holders)('several sockets on one port are several rows', async () => {
      const actors = [await Actor.start(), await Actor.start()]
      try {
        const kind = {
          protocol: 'tcp',
          host: '127.0.0.1',
          port: 29_102,
          ipv6Only: false,
          reusePort: true,
        } as const
        for (const actor of actors) await actor.open(1, kind)
        const pids = (await listed(kind.port)).map((socket) => socket.pids)
        expect(new Set(pids.flat())).toEqual(new Set(actors.map(({ pid }) => pid)))
        expect(pids).toHaveLength(2)
      } finally {
        for (const actor of actors) await actor.stop()
      }
    })

    test('looks asked for together are answered, each with what is true at its time', async () => {
      const [first, second] = [host.sockets(), host.sockets()]
      const port = await listen({ host: '127.0.0.1' })
      const third = host.sockets()
      await Promise.all([first, second])
      expect((await third).sockets.some((socket) => socket.port === port)).toBe(true)
    })

    test('a look says what it cost', async () => {
      expect((await host.sockets()).cost.cpuMs).toBeGreaterThan(0)
      expect((await host.processes()).cost.cpuMs).toBeGreaterThan(0)
    })

    test('a process is told with its parent, program, arguments, folder, user, memory and start', async () => {
      const before = Date.now()
      const folder = realpathSync(tmpdir())
      const child = await start(['-e', idle, 'one word', 'two'], folder)
      const found = await host.process(child.pid ?? 0)
      expect(found).toMatchObject({ pid: child.pid, ppid: process.pid, name: 'node' })
      expect(found?.argv?.join(' ')).toContain('one word two')
      // A start is told to the second, or to the tick of 10 ms.
      expect(found?.startedAt).toBeGreaterThan(before - 2500)
      expect(found?.startedAt).toBeLessThan(Date.now() + 2500)
      // The kernel counts memory in batches, so of a program that has just begun it may still say 0; and
      // systeminformation takes half a second for each answer.
      const memory = async () => (await host.process(child.pid ?? 0))?.memoryBytes
      await expect.poll(memory, { timeout: 10_000 }).toBeGreaterThan(100_000)
      expect(found?.user).toBeTruthy()
      if (!knows.exact) return
      expect(found).toMatchObject({ cwd: folder, uid: process.getuid?.(), containerId: null })
      expect(found?.argv?.slice(1)).toEqual(['-e', idle, 'one word', 'two'])
      expect(await seen(child)).toMatchObject({ cwd: folder, argv: found?.argv })
    })

    test('a process keeps its start from look to look, and its identity in the list and alone', async () => {
      const child = await start(['-e', idle])
      const alone = await host.process(child.pid ?? 0)
      for (let look = 0; look < 3; look++) {
        const again = await seen(child)
        expect(again?.startKey).toBe(alone?.startKey)
        expect(again?.startedAt).toBe(alone?.startedAt)
        await wait(300)
      }
    })

    test('CPU use comes from two looks: unknown after one, about one core for a busy loop', async () => {
      const child = await start(['-e', 'for (;;);'])
      expect((await seen(child))?.cpuPercent).toBeNull()
      await wait(700)
      const { cpuPercent } = (await seen(child)) ?? {}
      expect(cpuPercent).toBeGreaterThan(1)
      expect(cpuPercent).toBeLessThan(150)
    })

    test('a process that has ended is null, not alive, and gets no signal', async () => {
      const child = await start(['-e', idle])
      const target = await host.process(child.pid ?? 0)
      if (target === null) throw new Error('The process was not found')
      expect(await host.alive(target)).toBe(true)
      await end(child)
      expect(await host.process(target.pid)).toBeNull()
      expect(await host.alive(target)).toBe(false)
      expect(await withChange((change) => host.signal(change, target, 'SIGTERM'))).toBe(false)
    })

    test('a signal reaches the process that was named', async () => {
      const child = await start(['-e', idle])
      const target = await host.process(child.pid ?? 0)
      if (target === null) throw new Error('The process was not found')
      const exited = once(child, 'exit')
      expect(await withChange((change) => host.signal(change, target, 'SIGKILL'))).toBe(true)
      expect(await exited).toEqual([null, 'SIGKILL'])
    })

    test('another process under the same pid gets no signal', async () => {
      const child = await start(['-e', idle])
      const target = { pid: child.pid ?? 0, startKey: '1' }
      expect(await host.alive(target)).toBe(false)
      await expect(withChange((change) => host.signal(change, target, 'SIGKILL'))).rejects.toMatchObject({
        code: 'process-changed',
      })
      expect(child.exitCode).toBeNull()
      expect(child.signalCode).toBeNull()
    })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address !== 'object') throw new Error('The server has no port')
  return address.port
}
