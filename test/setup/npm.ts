import { execFileSync } from 'node:child_process'

/** Runs npm in a folder and returns what it printed; its errors go to the terminal. Throws when it fails. */
export function npm(args: readonly string[], folder: string): string {
  // Inside an npm script this names npm's own file, which runs everywhere; `npm` alone is a .cmd file on Windows.
  const file = process.env['npm_execpath']
  const [program, first] = file === undefined ? ['npm', []] : [process.execPath, [file]]
  return execFileSync(program, [...first, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  })
}
