import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Owned } from '#base/lifetime.ts'
import type { Client } from '#client/client.ts'
import { startDaemon } from '../support/daemon.ts'
import { startCrowd } from '../support/host-crowd.ts'
import { Random } from '../support/random.ts'
import { cpuMsOf } from '../support/process-usage.ts'
import { percentile, type Bench, type BenchRow } from './bench.ts'

/** 500 processes with 20 files each, 2,000 ends of connections and 20 listeners among them. */
const crowd = { processes: 500, files: 20, connections: 4, listeners: 20 }
const openings = 50
/** Between two of them, in milliseconds: people start servers now and then, not five in a second. */
const pauses = [1000, 2000] as const
const quietMs = 20_000

/** A view of ports that fetches them whenever it is told of a change, and asks for nothing by itself. */
class View {
  readonly #watching: Owned
  #shown: ReadonlySet<number> = new Set()
  #told = () => {}

  constructor(client: Client) {
    this.#watching = client.watch(['ports'], () => {
      void (async () => {
        const { rows } = await client.call('ports.list', {})
        this.#shown = new Set(rows.map(({ port }) => port))
        this.#told()
      })()
    })
  }

  /** Settles once a port is or is not in the list. */
  async until(port: number, there: boolean): Promise<void> {
    while (this.#shown.has(port) !== there) await new Promise<void>((resolve) => (this.#told = resolve))
  }

  async dispose(): Promise<void> {
    await this.#watching.dispose()
  }
}

/** Milliseconds from a port's opening until a view that has been watching for long holds a list with it. */
async function timeToShow(view: View): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const opened = performance.now()
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await view.until(port, true)
  const took = performance.now() - opened
  server.close()
  await view.until(port, false)
  return took
}

/** How soon a watched view shows a new port, and what watching costs. */
export const bench: Bench = async () => {
  const others = await startCrowd(crowd)
  const daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } })
  const client = daemon.client()
  try {
    const view = new View(client)
    const random = new Random(7)
    await wait(3000)
    const took: number[] = []
    for (let opening = 0; opening < openings; opening++) {
      await wait(random.int(...pauses))
      took.push(await timeToShow(view))
    }
    const pid = daemon.describe().pid
    const before = cpuMsOf(pid)
    await wait(quietMs)
    const share = ((cpuMsOf(pid) - before) / quietMs) * 100
    await view.dispose()
    const limit = (value: number): BenchRow['peer'] => ({ name: 'limit', value })
    return [
      {
        what: 'a new port shown, p99',
        unit: 'ms',
        ours: percentile(took, 99),
        peer: limit(300),
        ratio: 'ours-over-peer',
        goal: 1,
      },
      {
        what: 'CPU while ports are watched',
        unit: '% of a core',
        ours: share,
        peer: limit(1),
        ratio: 'ours-over-peer',
        goal: 1,
      },
    ]
  } finally {
    await client.dispose()
    await daemon.stop()
    await others.stop()
  }
}
