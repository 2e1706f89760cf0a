import { spawn, type ChildProcess } from 'node:child_process'
import { Failure } from '#base/failure.ts'
import { asNode } from '#base/node-runtime.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Prober, ProbeResult, ProbeTarget } from './prober.ts'

/** So many processes at once; whoever comes later waits. */
const most = 4
/** What starting and ending a process may take besides, in milliseconds. */
const slackMs = 5000
/** Objects of JavaScript, in MiB; the process itself watches the rest of its memory. */
const heapMiB = 128

/** Variables that a driver may need; all others, and with them what drivers would take a password from, are left out. */
const handed: ReadonlySet<string> = new Set([
  'PATH',
  'SYSTEMROOT',
  'WINDIR',
  'TEMP',
  'TMP',
  'TMPDIR',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
])

/**
 * Tests each connection in a process of its own, which ends with the answer: whatever a hostile server does to a driver
 * (an error after the answer, a reply of gigabytes) it does there, and the daemon never loads a driver.
 */
export class ChildProber implements Prober {
  readonly #command: readonly string[]
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** @param command - program and arguments of that process. */
  constructor(command: readonly string[]) {
    this.#command = command
  }

  async probe(_change: Change, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
    await this.#turn(signal)
    try {
      return await this.#run(target, signal)
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw cancelled()
    if (this.#running >= most)
      await new Promise<void>((resolve, reject) => {
        const begin = (): void => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
        const leave = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(begin), 1)
          reject(cancelled())
        }
        this.#waiting.push(begin)
        signal.addEventListener('abort', leave, { once: true })
      })
    this.#running++
  }

  #run(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
    const [program, ...args] = this.#command
    if (program === undefined) throw new Error('No command to test connections with was given')
    const child = spawn(program, [`--max-old-space-size=${heapMiB}`, ...args], {
      // What a driver prints goes nowhere: it could hold a password.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: environment(),
      windowsHide: true,
    })
    return answerOf(child, target, signal)
  }
}

const cancelled = (): Failure => new Failure('cancelled', 'The test was cancelled')

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => handed.has(name.toUpperCase()))
  return { ...Object.fromEntries(kept), ...asNode }
}

function answerOf(child: ChildProcess, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const end = (): void => void child.kill('SIGKILL')
    const timer = setTimeout(end, target.limitMs + slackMs)
    let answer: ProbeResult | null = null
    signal.addEventListener('abort', end, { once: true })
    child.once('message', (message) => {
      answer = message as ProbeResult
      end()
    })
    // The target goes over the pipe between the two, where nobody else reads.
    child.once('spawn', () => child.send(target, () => undefined))
    child.once('error', (cause) =>
      reject(new Failure('internal', `The test could not be started: ${cause.message}`, { cause })),
    )
    child.once('close', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      if (answer !== null) resolve(answer)
      else if (signal.aborted) reject(cancelled())
      // It ended or was ended without an answer: what it got was more than the driver could take.
      else resolve({ ok: false, fault: 'bad-answer', speaks: null, code: null })
    })
  })
}
