import { readdirSync, readFileSync } from 'node:fs'
import * as path from 'node:path'

/** Every file below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

/** What of a process other programs can see: its command line and environment, and those of all it has started. */
export function visible(pid: number): Buffer[] {
  const parts: Buffer[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parts.push(readFileSync(`/proc/${name}/cmdline`))
      if (
        Number(name) === pid ||
        readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid)
      )
        parts.push(readFileSync(`/proc/${name}/environ`))
    } catch {
      // It ended while we looked, or is not ours to see.
    }
  }
  return parts
}

/** The forms in which a text could be written down without anybody noticing. */
export function formsOf(secret: string): readonly Buffer[] {
  const bytes = Buffer.from(secret)
  const texts = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    JSON.stringify([...bytes]).slice(1, -1),
    // At each of the three offsets at which base64 of a longer text can begin; the edges depend on the neighbours.
    ...[0, 1, 2].map((offset) =>
      Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .slice(4, -4),
    ),
    Array.from(secret).toReversed().join(''),
  ]
  return [Buffer.from(secret, 'utf16le'), ...texts.map((text) => Buffer.from(text))]
}
