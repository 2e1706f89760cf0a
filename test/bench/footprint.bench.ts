import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { socketPath, statePaths } from '#base/state-paths.ts'
import { connectLocal } from '#client/connect.ts'
import { launch, runtimeFlags } from '#client/launch.ts'
import { daemonScript, temporaryHome } from '../support/daemon.ts'
import { cache, inRoot } from '../support/paths.ts'
import { exchange, upgradeHead } from '../support/raw.ts'
import { memoryOf } from '../support/process-usage.ts'
import { median, type BenchRow } from './bench.ts'

const rounds = 15
const settleMs = 3000

/** As the clients start it. */
const runDaemon = (home: string): ChildProcess =>
  spawn(process.execPath, [...runtimeFlags, daemonScript, 'run'], {
    env: { ...process.env, MALLOC_ARENA_MAX: '1', QUANTUM_ADMIN_HOME: home },
    stdio: 'ignore',
  })

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Milliseconds from starting the daemon to the first handshake it accepts. */
async function startToReady(home: string): Promise<number> {
  const socket = socketPath(home)
  const { token } = statePaths(home)
  rmSync(socket, { force: true })
  const started = performance.now()
  const child = runDaemon(home)
  for (;;) {
    await sleep(1)
    if (!existsSync(socket)) continue
    const lines = [
      'Host: localhost',
      `Authorization: Bearer ${readFileSync(token, 'utf8').trim()}`,
      'X-Quantum-Admin-Protocol: 1',
    ]
    const answer = await exchange({ path: socket }, upgradeHead('GET', '/rpc', lines)).catch(() => undefined)
    if (answer?.status === 101) break
  }
  const ms = performance.now() - started
  await end(child)
  return ms
}

async function bareStart(): Promise<number> {
  const started = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')
  return performance.now() - started
}

/** Idle memory in MB of a daemon that was asked once for everything it can show or do harmlessly. */
async function daemonMemory(): Promise<number> {
  const home = temporaryHome()
  await launch({ runtime: process.execPath, script: daemonScript }, home)
  const client = connectLocal({ home, client: 'bench/0', launcher: null }, 'once')
  const { pid } = await client.call('daemon.status', {})
  await client.call('daemon.doctor', {})
  await client.call('overview.get', {})
  await client.call('ports.list', {})
  await client.call('ports.who', { port: 1 })
  await client.call('processes.list', {})
  await client.call('processes.show', { pid })
  await client.call('containers.list', {})
  await client.call('leases.allocate', { name: 'bench' })
  await client.call('leases.list', {})
  await client.call('leases.release', { name: 'bench' })
  await client.call('users.add', { name: 'bench', role: 'viewer' })
  await client.call('users.token', { name: 'bench' })
  await client.call('users.list', {})
  await client.call('audit.list', {})
  await client.call('audit.show', { sequence: 1 })
  await client.call('audit.verify', {})
  await client.call('audit.export', { format: 'csv' })
  await client.call('audit.checkpoint', {})
  await sleep(settleMs)
  const memory = memoryOf(pid).now
  await client.call('daemon.stop', {})
  await client.dispose()
  while (existsSync(`/proc/${pid}`)) await sleep(10)
  rmSync(home, { recursive: true, force: true })
  return memory
}

async function bareServerMemory(): Promise<number> {
  const home = temporaryHome()
  const socket = path.join(home, 'bare.sock')
  const script = `require('node:http').createServer((_, r) => r.end('ok')).listen(process.argv[1])`
  const child = spawn(process.execPath, ['-e', script, socket], { stdio: 'ignore' })
  while (!existsSync(socket)) await sleep(5)
  for (let i = 0; i < 20; i++) {
    const one = connect(socket).end('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    one.resume()
    await once(one, 'close')
  }
  await sleep(settleMs)
  const memory = memoryOf(child.pid ?? 0).now
  await end(child)
  rmSync(home, { recursive: true, force: true })
  return memory
}

/**
 * What every window loads of the extension, in KB: not the language client, which comes with the first open
 * configuration. The files are those that esbuild noted; dist/ may hold older ones.
 */
function extensionSize(): number {
  const { outputs } = JSON.parse(readFileSync(cache('meta-extension.json'), 'utf8')) as {
    readonly outputs: Readonly<Record<string, Output>>
  }
  const loaded = new Set(Object.keys(outputs).filter((file) => outputs[file]?.entryPoint === entry))
  for (const file of loaded)
    for (const { path, kind } of outputs[file]?.imports ?? [])
      if (kind !== 'dynamic-import' && path in outputs) loaded.add(path)
  return [...loaded].reduce((sum, file) => sum + statSync(inRoot(file)).size / 1024, 0)
}

const entry = 'extension/main.ts'
interface Output {
  readonly entryPoint?: string
  readonly imports: readonly { readonly path: string; readonly kind: string }[]
}

/** Start and memory of the daemon beside bare Node.js, interleaved, and the weight of the extension. Linux only. */
export async function bench(): Promise<readonly BenchRow[]> {
  const home = temporaryHome()
  const starts: number[] = []
  const bare: number[] = []
  await startToReady(home)
  for (let round = 0; round < rounds; round++) {
    starts.push(await startToReady(home))
    bare.push(await bareStart())
  }
  rmSync(home, { recursive: true, force: true })
  const memory: number[] = []
  const bareMemory: number[] = []
  for (let round = 0; round < 3; round++) {
    memory.push(await daemonMemory())
    bareMemory.push(await bareServerMemory())
  }
  const row = (
    what: string,
    unit: string,
    ours: number,
    name: string,
    value: number,
    goal: number,
  ): BenchRow => ({
    what,
    unit,
    ours,
    peer: { name, value },
    ratio: 'ours-over-peer',
    goal,
  })
  return [
    row('start to the first handshake', 'ms', median(starts), 'node -e 0', median(bare), 2.6),
    row(
      'idle after one call of each kind',
      'MB',
      median(memory),
      'bare http server',
      median(bareMemory),
      1.5,
    ),
    row('extension bundle', 'KB', extensionSize(), 'the limit', 250, 1),
  ]
}
