import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cliScript, type CliResult } from './daemon.ts'

/** What `--json` puts on stderr. */
export interface CliError {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly docs: string
}

/** The error of a run with `--json`. */
export const errorOf = (result: CliResult): CliError =>
  (JSON.parse(result.stderr) as { readonly error: CliError }).error

/** The data of a run with `--json` that must have gone well. */
export function dataOf(result: CliResult): unknown {
  if (result.code !== 0) throw new Error(`exit code ${result.code}: ${result.stderr}`)
  return JSON.parse(result.stdout)
}

/** A program of the test's own that listens on a port of 127.0.0.1. */
export interface Listener {
  readonly port: number
  readonly pid: number
  readonly process: ChildProcess
  stop(): Promise<void>
}

const listening = `
const server = require('node:net').createServer().listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())`

/** Starts a listener in a process of its own. @param options.before - code to run in it first. */
export async function startListener(
  options: { readonly before?: string; readonly args?: readonly string[]; readonly cwd?: string } = {},
): Promise<Listener> {
  const child = spawn(
    process.execPath,
    ['-e', `${options.before ?? ''}${listening}`, ...(options.args ?? [])],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    },
  )
  const exited = once(child, 'exit')
  const [port] = (await once(child, 'message')) as [number]
  if (child.pid === undefined) throw new Error('A process that speaks has a pid')
  return {
    port,
    pid: child.pid,
    process: child,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** The command line in a terminal of the test's own, made by script(1). */
export interface Terminal {
  /** Everything that was drawn so far, escape codes and all. */
  readonly screen: string
  /** Types; `\x03` is Ctrl-C. */
  type(keys: string): void
  /** Resolves once the text was drawn, or all that was drawn is as told. */
  shows(text: string | RegExp | ((screen: string) => boolean)): Promise<void>
  readonly ended: Promise<number>
}

/** Runs the built command line in a terminal. */
export function openTerminal(
  home: string,
  args: readonly string[],
  options: { readonly columns?: number; readonly rows?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Terminal {
  const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`
  const command = [process.execPath, cliScript, ...args].map(quote).join(' ')
  const size = `stty cols ${options.columns ?? 80} rows ${options.rows ?? 24}`
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    QUANTUM_ADMIN_HOME: home,
    TERM: 'xterm-256color',
    ...options.env,
  }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'CI'])
    if (options.env?.[name] === undefined) delete env[name]
  const child = spawn('script', ['-qec', `${size}; exec ${command}`, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  const drawn = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    screen += chunk
    for (const look of drawn) look()
  })
  return {
    get screen() {
      return screen
    },
    type: (keys) => void child.stdin.write(keys),
    shows: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!matches(screen, text)) return
          drawn.delete(look)
          resolve()
        }
        drawn.add(look)
        look()
      }),
    ended: once(child, 'close').then(([code]) => code as number),
  }
}

function matches(screen: string, text: string | RegExp | ((screen: string) => boolean)): boolean {
  if (typeof text === 'string') return screen.includes(text)
  return typeof text === 'function' ? text(screen) : text.test(screen)
}

/** What is left to read of something drawn. */
export const withoutColour = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- taking colours away is what this is for.
  text.replaceAll(/\u001b\[[0-9;]*m/g, '').replaceAll('\r', '')
