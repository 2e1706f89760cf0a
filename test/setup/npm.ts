import { spawnSync } from 'node:child_process'

/** Runs npm in a folder. Its errors go to the terminal, and its output too unless `capture` is set. */
export function npm(
  args: readonly string[],
  folder: string,
  capture = false,
): { readonly status: number | null; readonly output: string } {
  // Inside an npm script this names npm's own file, which runs everywhere; `npm` alone is a .cmd file on Windows.
  const file = process.env['npm_execpath']
  const [program, first] = file === undefined ? ['npm', []] : [process.execPath, [file]]
  const { status, stdout } = spawnSync(program, [...first, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  })
  return { status, output: capture ? stdout : '' }
}
