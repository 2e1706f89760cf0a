import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { Client } from '#client/client.ts'
import { connectLocal } from '#client/connect.ts'
import { runtimeFlags } from '#client/launch.ts'
import { statePaths, type DaemonFile } from '#base/state-paths.ts'
import { root } from './paths.ts'
import { ownRanges } from './port-ranges.ts'

/** The built programs: what users run is what is tested. */
export const daemonScript = path.join(root, 'dist', 'daemon.cjs')
export const cliScript = path.join(root, 'bin', 'quantum-admin.cjs')

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** No test leaves a key in the keychain of whoever runs it. */
const noKeychain = { QUANTUM_ADMIN_KEYCHAIN: 'off' }

/** A real daemon of a state folder of its own. */
export interface TestDaemon {
  readonly home: string
  readonly process: ChildProcess
  /** What `daemon.json` says. */
  describe(): DaemonFile
  /** This start's token. */
  token(): string
  /** A client that fails instead of starting a daemon or trying again; the test disposes it. */
  client(): Client
  cli(...args: readonly string[]): Promise<CliResult>
  /** Ends it at once and waits until it is gone. */
  kill(): Promise<void>
  /** Stops it the way `daemon stop` does, and removes the state folder. */
  stop(): Promise<void>
}

/** A folder for one test's state, with a path short enough for a socket. */
export const temporaryHome = (): string => mkdtempSync(path.join(tmpdir(), 'qa-'))

/** Runs the built command line against a state folder. */
export const runCli = (
  home: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CliResult> => runProgram(cliScript, home, args, env)

/** Runs another copy of it. */
export function runProgram(
  script: string,
  home: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      {
        env: { ...process.env, ...noKeychain, QUANTUM_ADMIN_HOME: home, NO_COLOR: '1', ...env },
        maxBuffer: 256 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
        resolve({ code, stdout, stderr })
      },
    ).stdin?.end()
  })
}

/** Starts a daemon and waits until it serves. @throws when it refuses to start, with its own words. */
export async function startDaemon(
  options: {
    readonly home?: string
    readonly env?: NodeJS.ProcessEnv
    readonly args?: readonly string[]
    readonly runtime?: readonly string[]
    /** Another copy of the daemon's program. */
    readonly script?: string
  } = {},
): Promise<TestDaemon> {
  const home = options.home ?? temporaryHome()
  if (options.home === undefined) ownRanges(home)
  const [command = process.execPath, ...before] = options.runtime ?? [process.execPath, ...runtimeFlags]
  const child = spawn(command, [...before, options.script ?? daemonScript, 'run', ...(options.args ?? [])], {
    env: { ...process.env, ...noKeychain, QUANTUM_ADMIN_HOME: home, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  let said = ''
  child.stderr?.on('data', (chunk) => (said += String(chunk)))
  // Not `exit`: that may come before the message in which it says why it ends.
  const exited = once(child, 'close').then(() => process.off('exit', orphan))
  const report = await Promise.race([
    once(child, 'message').then(([message]) => message as { state: string; code?: string; message?: string }),
    exited.then(() => ({ state: 'ended', code: 'internal', message: said })),
  ])
  if (report.state !== 'ready') {
    child.kill('SIGKILL')
    await exited
    throw new Error(`The daemon did not start: ${report.state} ${report.code ?? ''} ${report.message ?? ''}`)
  }
  const paths = statePaths(home)
  return {
    home,
    process: child,
    describe: () => JSON.parse(readFileSync(paths.daemonFile, 'utf8')) as DaemonFile,
    token: () => readFileSync(paths.token, 'utf8').trim(),
    client: () => connectLocal({ home, client: 'test/0', launcher: null }, 'once'),
    cli: (...args) => runCli(home, args, options.env),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      rmSync(home, { recursive: true, force: true })
    },
  }
}
