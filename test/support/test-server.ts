import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { nobody } from './nobody.ts'

/** A server of the test's own, on loopback, that leaves nothing behind. */
export interface TestServer {
  readonly port: number
  readonly pid: number
  /** Where its data lies. */
  readonly folder: string
  /** Ends it, so that nothing listens on its port. */
  stop(): Promise<void>
}

export const isRoot = process.getuid?.() === 0
/** Servers that refuse to run as root run as the user that owns nothing. */
const asNobody = isRoot ? { uid: nobody, gid: nobody } : {}

export function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-db-'))
  chmodSync(folder, 0o755)
  return folder
}

export function own(file: string): void {
  if (isRoot) chownSync(file, nobody, nobody)
}

interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly folder: string
  readonly port: number
  readonly env?: NodeJS.ProcessEnv
  readonly asNobody?: boolean
  /** More to end than the process itself. */
  readonly cleanUp?: () => void | Promise<void>
  readonly signal?: NodeJS.Signals
}

/** Starts a server and waits until its port answers. @throws Error with what it said when it ends instead. */
export async function launch(options: Launch): Promise<TestServer> {
  const child = spawn(options.program, options.args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what a script has started goes with it.
    detached: true,
    ...(options.asNobody === true ? asNobody : {}),
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said = (said + String(chunk)).slice(-4000)))
  const orphan = () => killGroup(child)
  process.once('exit', orphan)
  const exited = once(child, 'close').then(() => process.off('exit', orphan))
  const deadline = performance.now() + 100_000
  while (!(await answers(options.port))) {
    if (hasEnded(child) || performance.now() > deadline)
      throw new Error(`${options.program} did not come up: ${said}`)
    await wait(50)
  }
  return {
    port: options.port,
    pid: child.pid ?? 0,
    folder: options.folder,
    stop: async () => {
      child.kill(options.signal ?? 'SIGTERM')
      await exited
      killGroup(child)
      await options.cleanUp?.()
      rmSync(options.folder, { recursive: true, force: true })
    },
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** Runs a program to its end. @throws Error with what it said when it fails. */
export function run(
  program: string,
  args: readonly string[],
  options: { input?: string; nobody?: boolean } = {},
): void {
  const { status, stderr, error } = spawnSync(program, args, {
    input: options.input ?? '',
    encoding: 'utf8',
    ...(options.nobody === true ? asNobody : {}),
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
  })
  if (status !== 0) throw new Error(`${program} failed with ${status ?? error?.message}: ${stderr}`)
}
