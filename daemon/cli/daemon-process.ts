import { spawn } from 'node:child_process'
import { isErrorCode } from '#contract/errors.ts'
import { runtimeFlags, type StartReport } from '#client/launch.ts'
import { Failure } from '#base/failure.ts'
import { asNode } from '#base/node-runtime.ts'
import { bundle } from './session.ts'

/**
 * Runs the daemon's program for one answer, as `verify` is.
 * @returns what it wrote to stdout. @throws Failure with its own reason when it wrote none.
 */
export function askProgram(words: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle('daemon.cjs'), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      env: { ...process.env, ...asNode },
      signal,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', () => (stdout === '' ? reject(failureOf(stderr)) : resolve(stdout)))
  })
}

/** Reads back the lines in which the daemon's program says what is wrong. */
function failureOf(text: string): Failure {
  const [first = '', code = '', ...hints] = text.trim().split('\n')
  const message = first.replace(/^quantum-admin: /, '')
  const named = code.replace(/^code: /, '')
  const hint = hints.join(' ').replace(/^help: /, '')
  if (!isErrorCode(named))
    return new Failure('internal', message === '' ? 'The daemon said nothing' : message)
  return new Failure(named, message, hint === '' ? {} : { hint })
}

/**
 * Runs the daemon in the foreground until it ends, and hands signals on.
 * @returns its exit code. @throws Failure when it does not start.
 */
export function runInForeground(words: readonly string[], onReady: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...runtimeFlags, bundle('daemon.cjs'), 'run', ...words], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: { ...process.env, ...asNode },
    })
    // Until it has started, the report says what went wrong, and in the form that was asked for.
    let said = ''
    const listen = (chunk: string): void => void (said += chunk)
    child.stderr?.setEncoding('utf8').on('data', listen)
    child.on('message', (message) => {
      const report = message as StartReport
      if (report.state === 'ready') {
        child.stderr?.off('data', listen)
        child.stderr?.pipe(process.stderr, { end: false })
        return onReady()
      }
      reject(report.state === 'failed' ? reported(report) : alreadyRunning())
    })
    child.on('error', reject)
    // Ctrl-C reaches the daemon by itself, because it is in the terminal's foreground too; it decides when it ends.
    process.removeAllListeners('SIGINT')
    process.on('SIGINT', () => {})
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    child.on('close', (code, signal) => {
      if (code === null) reject(new Failure('internal', `The daemon was ended by ${signal ?? 'a signal'}`))
      else if (code !== 0 && said !== '') reject(failureOf(said))
      else resolve(code)
    })
  })
}

const reported = ({ code, message, hint }: Extract<StartReport, { readonly state: 'failed' }>): Failure =>
  new Failure(isErrorCode(code) ? code : 'internal', message, { hint })

const alreadyRunning = (): Failure =>
  new Failure('conflict', 'A daemon already runs for this state folder', {
    hint: 'Stop it with `quantum-admin daemon stop`, or name another folder in QUANTUM_ADMIN_HOME.',
  })
