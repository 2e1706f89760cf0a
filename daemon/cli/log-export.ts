import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { LogFilter } from '#contract/logs.ts'
import { logHeading, logRecord, type LogFormat } from '#base/log-records.ts'
import { pagesBack } from './log-pages.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'
import { mayReplace, toFile, toStdout, type Write } from './whole-file.ts'

export interface ExportOptions {
  readonly format: LogFormat
  readonly output?: string | undefined
  readonly limit?: number | undefined
}

/** Writes everything that matches, the oldest first: to stdout, or to a file that only appears once it is whole. */
export async function exportLogs(session: Session, filter: LogFilter, options: ExportOptions): Promise<void> {
  const { out } = session
  const { format, output } = options
  if (output === undefined) {
    await run(session, filter, options, toStdout)
    return
  }
  await mayReplace(session, output)
  const records = await toFile(output, (write) => run(session, filter, options, write))
  if (out.json) out.data({ format, output: path.resolve(output), records })
  else out.note(`${plural(records, 'record')} written to ${output}.`)
}

/** @returns how many records were written. */
async function run(
  session: Session,
  filter: LogFilter,
  { format, limit }: ExportOptions,
  write: Write,
): Promise<number> {
  const spool = await openSpool()
  try {
    let records = 0
    for await (const { lines } of pagesBack(session, filter, limit)) {
      records += lines.length
      await spool.add(lines.map(logRecord[format]).join(''))
    }
    const heading = logHeading(format)
    if (heading !== '') await write(heading)
    for await (const text of spool.backwards()) {
      session.signal.throwIfAborted()
      await write(text)
    }
    return records
  } finally {
    await spool.close()
  }
}

/** Pages come the newest first and are written the oldest first: until then they are in a file that nobody else sees. */
async function openSpool(): Promise<Spool> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quantum-admin-'))
  try {
    return new Spool(await open(path.join(folder, 'pages'), 'wx+', 0o600))
  } finally {
    await rm(folder, { recursive: true })
  }
}

class Spool {
  readonly #file: FileHandle
  readonly #pages: { readonly at: number; readonly length: number }[] = []
  #end = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async add(page: string): Promise<void> {
    const bytes = Buffer.from(page)
    if (bytes.length === 0) return
    await this.#file.writeFile(bytes)
    this.#pages.push({ at: this.#end, length: bytes.length })
    this.#end += bytes.length
  }

  async *backwards(): AsyncGenerator<string> {
    for (const { at, length } of this.#pages.toReversed()) {
      const { buffer } = await this.#file.read(Buffer.alloc(length), 0, length, at)
      yield buffer.toString('utf8')
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
