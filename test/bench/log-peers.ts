import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { findProgram } from '../support/peers.ts'
import { cache } from '../support/paths.ts'
import { median } from './bench.ts'

/** VS Code's own, which its server brings; else one on PATH. */
function ripgrepPath(): string {
  const system = `${process.platform}-${process.arch}`
  const own = globSync(cache(`vscode-server/vscode/node_modules/@vscode/ripgrep*/bin/{,${system}/}rg`))
  const found = own[0] ?? findProgram(['rg'])
  if (found === null) throw new Error('There is no rg: npm test brings it with the server of VS Code')
  return found
}

/** Milliseconds that a program takes to answer, all of it read; the middle of so many runs. */
function timed(program: string, args: readonly string[], rounds: number): number {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    const { status, error, stderr } = spawnSync(program, args, {
      maxBuffer: 8 * 1024 ** 3,
      // Bytes are compared as bytes, which is fastest.
      env: { ...process.env, LC_ALL: 'C' },
    })
    took.push(performance.now() - started)
    // 1: nothing was found.
    if (error !== undefined || (status ?? 2) > 1) throw error ?? new Error(stderr.toString())
  }
  return median(took)
}

export const ripgrep = (files: readonly string[], rounds: number, ...args: readonly string[]): number =>
  timed(ripgrepPath(), ['-j4', '--no-config', '--no-filename', '--no-mmap', ...args, ...files], rounds)

export const grep = (files: readonly string[], ...args: readonly string[]): number =>
  timed('grep', ['-h', ...args, ...files], 1)

/** Null where it cannot be had. It reads and understands all files each time, as it does when it is opened. */
export function lnav(files: readonly string[], pattern: string): number | null {
  const program = findProgram(['lnav']) ?? installed('lnav')
  return program === null ? null : timed(program, ['-n', '-c', `:filter-in ${pattern}`, ...files], 1)
}

function installed(name: string): string | null {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return null
  spawnSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', name], { stdio: 'ignore' })
  return findProgram([name])
}
