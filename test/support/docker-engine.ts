import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { claimBridge, forgetContainerd, removeEngine, sweepEngines } from './docker-engine-remains.ts'

const run = promisify(execFile)

/** A real Docker engine of the test's own: own state, own bridge, own socket. It leaves nothing behind. */
export interface TestEngine {
  /** Path of the engine's API socket. */
  readonly socket: string
  /** Where it keeps its state; the test may put sockets and homes of its own here. */
  readonly folder: string
  /** Runs the docker client against this engine and answers its stdout. */
  docker(...args: readonly string[]): Promise<string>
  /** Makes an image with busybox inside; it stops at once on SIGTERM. No registry is needed. */
  makeImage(name: string): Promise<void>
  /** Starts an engine that was stopped or killed; resolves when it answers. */
  start(): Promise<void>
  /** Ends the engine as `systemctl stop` does: its containers are stopped, the socket file is removed. */
  halt(): Promise<void>
  /** `kill -9`: containers live on until the next start and the socket file stays. */
  kill(): Promise<void>
  /** {@link halt} and {@link start}. */
  restart(): Promise<void>
  /** Ends everything and removes every trace: processes, mounts, bridge, files. */
  stop(): Promise<void>
}

/** Why no engine can be started here, or null when one can. */
export function engineMissing(): string | null {
  if (process.platform !== 'linux') return 'a Docker engine of the tests needs Linux'
  if (process.getuid?.() !== 0) return 'a Docker engine of the tests needs root'
  const onPath = (name: string) =>
    [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'].some((folder) =>
      existsSync(join(folder, name)),
    )
  const needed = { dockerd: 'docker.io', docker: 'docker.io', ip: 'iproute2', busybox: 'busybox-static' }
  const missing = Object.entries(needed).filter(([name]) => !onPath(name))
  if (missing.length === 0) return null
  return `missing: ${missing.map(([name, debian]) => `${name} (Debian package ${debian})`).join(', ')}`
}

/**
 * Starts an engine; about 0.3 s. It uses neither iptables nor the docker0 bridge, so any number of engines may
 * run at once, beside one that the machine has already.
 * @param options.userlandProxy - false: published ports have no listener on the host.
 */
export async function startEngine(options: { readonly userlandProxy?: boolean } = {}): Promise<TestEngine> {
  const missing = engineMissing()
  if (missing !== null) throw new Error(`No Docker engine can be started: ${missing}`)
  await sweepEngines()
  const { bridge, subnet } = await claimBridge()
  const folder = join(tmpdir(), `qa-engine-${process.pid}-${bridge}`)
  await mkdir(folder, { mode: 0o755 })
  const place = (name: string) => join(folder, name)
  const state = ['--data-root', place('data'), '--exec-root', place('exec'), '--pidfile', place('pid')]
  const door = ['--host', `unix://${place('docker.sock')}`, '--config-file', place('daemon.json')]
  const network = [
    '--bridge',
    bridge,
    '--fixed-cidr',
    subnet,
    `--userland-proxy=${options.userlandProxy ?? true}`,
  ]
  const offHost = ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false']
  const engine = new DebianEngine(folder, bridge, [...state, ...door, ...network, ...offHost])
  try {
    await writeFile(place('daemon.json'), '{}')
    await engine.start()
  } catch (error) {
    await engine.stop()
    throw error
  }
  return engine
}

class DebianEngine implements TestEngine {
  readonly socket: string
  readonly folder: string
  readonly #bridge: string
  readonly #args: readonly string[]
  #process: ChildProcess | null = null

  constructor(folder: string, bridge: string, args: readonly string[]) {
    this.folder = folder
    this.socket = join(folder, 'docker.sock')
    this.#bridge = bridge
    this.#args = args
  }

  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', ['--host', `unix://${this.socket}`, ...args], {
      env: { PATH: process.env['PATH'], DOCKER_CONFIG: join(this.folder, 'client') },
      maxBuffer: 256 << 20,
      timeout: 60_000,
    })
    return stdout
  }

  async makeImage(name: string): Promise<void> {
    const root = join(this.folder, `image-${name}`)
    await mkdir(join(root, 'bin'), { recursive: true })
    await copyFile('/bin/busybox', join(root, 'bin/busybox'))
    for (const applet of ['sh', 'sleep', 'echo', 'cat', 'printf', 'httpd', 'true', 'seq', 'head', 'tr'])
      await symlink('busybox', join(root, 'bin', applet))
    await run('tar', ['-C', root, '-cf', `${root}.tar`, '.'])
    const command = JSON.stringify(['sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"])
    await this.docker('import', '--change', `CMD ${command}`, `${root}.tar`, name)
    await rm(root, { recursive: true })
    await rm(`${root}.tar`)
  }

  async start(): Promise<void> {
    if (this.#process !== null) throw new Error('The engine runs already')
    const log = openSync(join(this.folder, 'log'), 'a')
    // The death signal ends the engine in good order even when the test's own process is killed.
    this.#process = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd', ...this.#args], {
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    for (let tries = 0; tries < 1200; tries++) {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) break
      if (await answers(this.socket)) return
      await delay(25)
    }
    throw new Error(`dockerd did not start: ${readFileSync(join(this.folder, 'log'), 'utf8').slice(-2000)}`)
  }

  halt(): Promise<void> {
    return this.#end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
    // Its containerd dies with it, a moment later. The next engine must neither meet it nor believe its pid file.
    await forgetContainerd(this.folder)
  }

  async restart(): Promise<void> {
    await this.halt()
    await this.start()
  }

  async stop(): Promise<void> {
    if (this.#process !== null && (await answers(this.socket))) {
      const ids = (await this.docker('ps', '--quiet')).split('\n').filter((id) => id !== '')
      // Killed rather than stopped: a first process that ignores SIGTERM would cost ten seconds each.
      if (ids.length > 0) await this.docker('kill', ...ids).catch(() => undefined)
    }
    await this.halt()
    await removeEngine(this.folder, this.#bridge)
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = this.#process
    this.#process = null
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill(signal)
    await ended
  }
}

/** Whether an engine behind this socket answers its health question within a second. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume()
      response.once('close', () => resolve(response.statusCode === 200))
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(false))
  })
}
