import { spawn, type ChildProcess } from 'node:child_process'
import { messageOf } from '#base/failure.ts'
import type { CheckFailure, CommandAnswer, CommandQuestion } from './checker.ts'

/** So much of the end of what it wrote is kept, in bytes. */
const keptBytes = 4096
/** What has left the group may hold its output open for so long, in milliseconds. */
const leftMs = 500

/** Runs a command to its end, or until its time is up: then all that it has started is ended with it. */
export function checkCommand(question: CommandQuestion): Promise<CommandAnswer | CheckFailure> {
  const { command, folder, environment, input, timeoutMs } = question
  return new Promise((resolve) => {
    const started = performance.now()
    let written = Buffer.alloc(0)
    let late = false
    const failed = (fault: CheckFailure['fault'], detail: string | null): void =>
      resolve({ ok: false, fault, detail, at: null })
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const timer = setTimeout(() => {
      late = true
      endGroup(child)
    }, timeoutMs)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        written = Buffer.concat([written, part.subarray(-keptBytes)]).subarray(-keptBytes)
      })
    // One that does not read closes it; how it ends says all there is to say.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
    child.once('error', (error) => {
      clearTimeout(timer)
      failed('command-not-started', messageOf(error))
    })
    // What it has left running ends with it, and cannot keep its output open.
    child.once('exit', () => {
      clearTimeout(timer)
      endGroup(child)
      setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), leftMs).unref()
    })
    child.once('close', (code, signal) => {
      if (late) return failed('silent', null)
      if (code === 0)
        return resolve({ ok: true, latencyMs: Math.round((performance.now() - started) * 10) / 10 })
      const last = lastLine(written.toString('utf8'))
      failed('command-failed', `${signal ?? `exit code ${code}`}${last === '' ? '' : `: ${last}`}`)
    })
  })
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

const lastLine = (text: string): string => text.trimEnd().split(/\r?\n/).at(-1)?.trim().slice(0, 300) ?? ''
