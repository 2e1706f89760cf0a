import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { AppRow } from '#contract/apps.ts'
import { dataOf } from './cli.ts'
import type { TestDaemon } from './daemon.ts'

/** An app that writes what it is told to. */
export interface WritingApp {
  readonly name: string
  readonly folder: string
  /** Settles once it has written this to its standard output. */
  write(text: string): Promise<void>
  /** Stops it, with the daemon that runs then, and removes its folder. */
  remove(): Promise<void>
}

const server = `
require('node:http')
  .createServer(async (request, answer) => {
    const parts = []
    for await (const part of request) parts.push(part)
    process.stdout.write(Buffer.concat(parts), () => answer.end())
  })
  .listen(process.env.PORT)`

/** Adds such an app to a daemon and starts it. @param config - its quantum.config.yaml. */
export async function startWritingApp(
  daemon: TestDaemon,
  name: string,
  config = 'admin: {}\n',
): Promise<WritingApp> {
  const above = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-writing-')))
  const folder = path.join(above, name)
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'Procfile'), 'web: exec node server.cjs\n')
  writeFileSync(path.join(folder, 'server.cjs'), server)
  writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
  dataOf(await daemon.cli('apps', 'add', folder, '--json'))
  // The shape of its answer is what cli-apps.test.ts is about.
  const [row] = dataOf(await daemon.cli('apps', 'start', name, '--json')) as readonly AppRow[]
  return {
    name,
    folder,
    write: async (text) => void (await (await fetch(row?.url ?? '', { method: 'POST', body: text })).text()),
    remove: async () => {
      await daemon.cli('apps', 'stop', name, '--yes')
      rmSync(above, { recursive: true, force: true })
    },
  }
}
