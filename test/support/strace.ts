import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import { statePaths } from '#base/state-paths.ts'
import { auditPaths } from '../../daemon/capabilities/audit/audit-files.ts'

/** See there for what it says and takes. */
export const childProgram = fileURLToPath(new URL('./trail-child.ts', import.meta.url))

/** What a child said line by line, and how it ended. */
export interface Run {
  readonly lines: readonly string[]
  readonly signal: NodeJS.Signals | null
  readonly status: number | null
  readonly errors: string
}

/** Every file of a state folder that a trail writes. */
export function trailFiles(home: string): readonly string[] {
  const { store, audit } = statePaths(home)
  const files = auditPaths(audit)
  const stored = ['', '-wal', '-journal'].map((suffix) => store + suffix)
  const kept = [files.key, files.head, files.checkpoints, files.ballast]
  return [...stored, ...kept, `${files.key}.new`, `${files.head}.new`, files.folder, home]
}

/** The system calls by which a trail reaches the disk. */
export const diskCalls = ['pwrite64', 'write', 'fdatasync', 'fsync', 'ftruncate', 'rename', 'unlink'] as const
export type DiskCall = (typeof diskCalls)[number]

/**
 * Runs trail-child.ts under strace. `inject` is strace's own expression without the call, such as
 * `signal=SIGKILL:when=3`, and counts only calls on the trail's files.
 */
export async function runUnderStrace(options: {
  readonly home: string
  readonly commands: number
  readonly sync?: 'synced' | 'unsynced'
  readonly strace: readonly string[]
}): Promise<Run> {
  const child = [process.execPath, childProgram]
  const args = [options.home, String(options.commands), options.sync ?? 'synced']
  const traced = spawn('strace', ['-f', ...options.strace, ...child, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // strace counts calls by thread: all that is done beside the event loop is done by one.
    env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1' },
  })
  let output = ''
  let errors = ''
  traced.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  traced.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const [status, signal] = (await once(traced, 'close')) as [number | null, NodeJS.Signals | null]
  return { lines: output.split('\n').filter((line) => line !== ''), signal, status, errors }
}

/** Options of strace that inject a fault into one call on the trail's files. */
export const injecting = (home: string, call: DiskCall, inject: string): readonly string[] => [
  '-o',
  path.join(path.dirname(home), 'strace.log'),
  ...trailFiles(home).flatMap((file) => ['-P', file]),
  // Stops at these calls only, which is far quicker, but strace sends no signals there.
  ...(inject.startsWith('signal=') ? [] : ['--seccomp-bpf']),
  '-e',
  `trace=${call}`,
  '-e',
  `inject=${call}:${inject}`,
]

/** Runs tasks, at most `atOnce` at a time, and answers in their order. */
export async function inParallel<T, R>(
  tasks: readonly T[],
  atOnce: number,
  run: (task: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index]
      if (task !== undefined) results[index] = await run(task)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
