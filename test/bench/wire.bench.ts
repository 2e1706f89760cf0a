import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { WebSocket } from 'ws'
import type { Client } from '#client/client.ts'
import { Lifetime } from '#base/lifetime.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { percentile, type BenchRow } from './bench.ts'
import { holdApart } from './placement.ts'

const rounds = 15
const turns = 1500
const requests = 40_000
/** Requests under way at once. */
const pipelined = 64
const subscribers = 300
const events = 20

type Ask = () => Promise<unknown>

interface Peer {
  readonly socket: string
  readonly pid: number
}

/** Starts one of the peers and waits until it listens. */
async function startPeer(lifetime: Lifetime, kind: string, answer: unknown): Promise<Peer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-bench-'))
  const socket = path.join(folder, 'peer.sock')
  const script = path.join(import.meta.dirname, 'peers', 'wire-peers.ts')
  const child: ChildProcess = fork(script, [kind, socket, JSON.stringify(answer)])
  lifetime.onDispose(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await once(child, 'message')
  return { socket, pid: child.pid ?? 0 }
}

async function openWebSocket(lifetime: Lifetime, socket: string): Promise<WebSocket> {
  const opened = new WebSocket('ws://localhost/', {
    perMessageDeflate: false,
    createConnection: () => connect(socket),
  })
  lifetime.onDispose(() => opened.terminate())
  await once(opened, 'open')
  return opened
}

/** Frames as long as our requests, over a WebSocket and nothing else. */
async function echoOver(lifetime: Lifetime, socket: string): Promise<Ask> {
  const opened = await openWebSocket(lifetime, socket)
  const waiting: (() => void)[] = []
  opened.on('message', (data: Buffer) => waiting.shift()?.call(data.toString('utf8')))
  const frame = JSON.stringify({ jsonrpc: '2.0', id: 1000, method: 'daemon.status', params: {} })
  return () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
      opened.send(frame)
    })
}

function jsonRpcOver(lifetime: Lifetime, socketPath: string): Ask {
  const socket = connect(socketPath)
  const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket))
  connection.listen()
  lifetime.onDispose(() => {
    connection.dispose()
    socket.destroy()
  })
  return () => connection.sendRequest('daemon.status', {})
}

/**
 * The medians of one round trip after another, in microseconds. The peers take turns at each: how long a process takes
 * to wake changes from moment to moment by more than what is compared.
 */
async function roundTrips(...peers: readonly Ask[]): Promise<readonly number[]> {
  const times: number[][] = peers.map(() => [])
  for (let i = 0; i < turns; i++) {
    for (const [peer, ask] of peers.entries()) {
      const before = performance.now()
      await ask()
      times[peer]?.push((performance.now() - before) * 1000)
    }
  }
  return times.map((one) => percentile(one, 50))
}

/** Requests a second with many under way. */
async function throughput(ask: Ask): Promise<number> {
  let left = requests
  const before = performance.now()
  await Promise.all(
    Array.from({ length: pipelined }, async () => {
      while (left-- > 0) await ask()
    }),
  )
  return requests / ((performance.now() - before) / 1000)
}

/** When the first and the last of all who listen heard of one event. */
class Hearing {
  #heard = 0
  #first = 0
  #done = Promise.withResolvers<number>()

  readonly hear = (): void => {
    if (this.#heard++ === 0) this.#first = performance.now()
    if (this.#heard === subscribers) this.#done.resolve(performance.now() - this.#first)
  }

  /** @returns milliseconds between them, once `tell` has told everybody. */
  async spread(tell: () => unknown): Promise<number> {
    this.#heard = 0
    this.#done = Promise.withResolvers()
    await tell()
    return this.#done.promise
  }
}

async function ourFanOut(daemon: TestDaemon, lifetime: Lifetime): Promise<() => Promise<number>> {
  const hearing = new Hearing()
  const clients: Client[] = []
  for (let i = 0; i < subscribers; i++) {
    const client = daemon.client()
    lifetime.own(client)
    client.watch(['users'], hearing.hear)
    clients.push(client)
    if (i % 50 === 49) await client.call('daemon.status', {})
  }
  const admin = lifetime.own(daemon.client())
  await Promise.all(clients.map((client) => client.call('daemon.status', {})))
  let n = 0
  return () => hearing.spread(() => admin.call('users.add', { name: `user-${n++}`, role: 'viewer' }))
}

async function peerFanOut(lifetime: Lifetime): Promise<() => Promise<number>> {
  const { socket, pid } = await startPeer(lifetime, 'ws-broadcast', '')
  holdApart([pid])
  const hearing = new Hearing()
  const opened: WebSocket[] = []
  for (let i = 0; i < subscribers; i++) {
    const one = await openWebSocket(lifetime, socket)
    one.on('message', (data: Buffer) => {
      JSON.parse(data.toString('utf8'))
      hearing.hear()
    })
    opened.push(one)
  }
  const params = { topic: 'users', revision: 'abc.1' }
  const frame = JSON.stringify({ jsonrpc: '2.0', method: '$/changed', params })
  return () => hearing.spread(() => opened[0]?.send(frame))
}

/** Round trip, throughput and fan-out of the daemon's wire, interleaved with the peers'. */
export async function bench(): Promise<readonly BenchRow[]> {
  const lifetime = new Lifetime()
  const daemon = await startDaemon()
  lifetime.onDispose(() => daemon.stop())
  try {
    const client = lifetime.own(daemon.client())
    const status = await client.call('daemon.status', {})
    const echoPeer = await startPeer(lifetime, 'ws-echo', { jsonrpc: '2.0', id: 1000, result: status })
    const echo = await echoOver(lifetime, echoPeer.socket)
    const rpcPeer = await startPeer(lifetime, 'jsonrpc', status)
    const rpc = jsonRpcOver(lifetime, rpcPeer.socket)
    holdApart([daemon.process.pid ?? 0, echoPeer.pid, rpcPeer.pid])
    const ours: Ask = () => client.call('daemon.status', {})
    const trips: [number[], number[]] = [[], []]
    const rates: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      const [our = 0, peer = 0] = await roundTrips(ours, echo)
      trips[0].push(our)
      trips[1].push(peer)
      rates[0].push(await throughput(ours))
      rates[1].push(await throughput(rpc))
    }
    const fanOuts: [number[], number[]] = [[], []]
    const tell = await ourFanOut(daemon, lifetime)
    const broadcast = await peerFanOut(lifetime)
    for (let i = 0; i < events; i++) {
      fanOuts[0].push(await tell())
      fanOuts[1].push(await broadcast())
    }
    return [
      row('round trip of daemon.status, p50', 'us', trips, 'raw ws echo', 'ours-over-peer', 1.35),
      row('time for a request, 64 under way', 'us', inverse(rates), 'vscode-jsonrpc', 'peer-over-ours', 3),
      row(`an event to ${subscribers} subscribers`, 'ms', fanOuts, 'raw ws broadcast', 'ours-over-peer', 1.5),
    ]
  } finally {
    await lifetime.dispose()
  }
}

const inverse = ([ours, peer]: readonly [number[], number[]]): [number[], number[]] => [
  ours.map((rate) => 1e6 / rate),
  peer.map((rate) => 1e6 / rate),
]

/** The round whose ratio is the middle one: what slows the machine for a while slows both in that round. */
function row(
  what: string,
  unit: string,
  [ours, peer]: readonly [readonly number[], readonly number[]],
  name: string,
  ratio: BenchRow['ratio'],
  goal: number,
): BenchRow {
  const pairs = ours.map((value, n) => ({ value, beside: peer[n] ?? Number.NaN }))
  pairs.sort((a, b) => a.value / a.beside - b.value / b.beside)
  const { value, beside } = pairs[pairs.length >> 1] ?? { value: Number.NaN, beside: Number.NaN }
  return { what, unit, ours: value, peer: { name, value: beside }, ratio, goal }
}
