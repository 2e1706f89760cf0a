import { existsSync, readFileSync } from 'node:fs'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { stateFolder, statePaths } from '#base/state-paths.ts'
import { followFile } from './follow-file.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'

interface LogOptions {
  readonly follow: boolean
  readonly tail: number
}

/** How many older files the daemon keeps beside its log. */
const kept = 3

/** `daemon logs`: read from the file, so that it works when no daemon does. */
export async function logs(session: Session, options: LogOptions): Promise<void> {
  session.localOnly('daemon logs')
  const { out, signal } = session
  const file = statePaths(stateFolder()).log
  if (!existsSync(file)) {
    throw new Failure('not-found', `The daemon has not written a log yet: ${file} is not there`, {
      hint: 'Start it with `quantum-admin daemon start`.',
    })
  }
  const print = (line: string): void => out.line(out.json ? line : pretty(out, line))
  const { lines, bytes } = lastLines(file, options.tail)
  for (const line of lines) print(line)
  if (!options.follow) return
  await followFile(file, bytes, kept, print, signal)
  signal.throwIfAborted()
}

/** The last lines, from older files too where the newest has too few, and how far into the newest that reaches. */
function lastLines(
  file: string,
  count: number,
): { readonly lines: readonly string[]; readonly bytes: number } {
  const content = readFileSync(file)
  // A line that is just being written belongs to what follows.
  const bytes = content.lastIndexOf(0x0a) + 1
  let lines = split(content.subarray(0, bytes).toString('utf8'))
  for (let older = 1; older <= kept && lines.length < count && existsSync(`${file}.${older}`); older++)
    lines = [...split(readFileSync(`${file}.${older}`, 'utf8')), ...lines]
  return { lines: count === 0 ? [] : lines.slice(-count), bytes }
}

const split = (text: string): string[] => text.split('\n').filter((line) => line !== '')

const looks: Readonly<Record<string, Look>> = { error: 'red', warn: 'yellow', info: 'green', debug: 'dim' }

/** One JSON line of the log as a person reads it; anything else as it stands. */
function pretty(out: Output, line: string): string {
  const record = parse(line)
  if (record === null) return printable(line, 4096)
  const { time, level, message, ...rest } = record
  const name = String(level)
  const more = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const words = [
    out.paint('dim', printable(String(time))),
    out.paint(looks[name] ?? 'bold', printable(name.toUpperCase().padEnd(5))),
    printable(String(message), 4096),
    out.paint('dim', printable(more.join(' '), 4096)),
  ]
  return words.join(' ').trimEnd()
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'message' in value ? { ...value } : null
  } catch {
    // Not JSON: a line that something else wrote, which is shown as it is.
    return null
  }
}
