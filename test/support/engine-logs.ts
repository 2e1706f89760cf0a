import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogLine } from '#contract/logs.ts'
import { EngineOutput } from '../../daemon/adapters/docker/engine-output.ts'
import type { LogContainer } from '../../daemon/logs/containers/log-container.ts'
import { LocalLogEngine } from '../../daemon/logs/local-log-engine.ts'

const limits = { perApp: { days: 14, bytes: 1e10 }, bytes: 1e10 }

/** An engine of logs in this process that reads containers of a test's own Docker engine. */
export interface EngineLogs {
  /** Reads these from now on. @param socket - of the Docker engine, when it is not the usual one. */
  read(containers: readonly Partial<LogContainer>[], socket?: string): void
  texts(source?: string): Promise<readonly string[]>
  lines(source?: string): Promise<readonly LogLine[]>
  /** How many records are kept of a source. */
  count(source: string): Promise<number>
  problem(source: string): Promise<string | null | undefined>
  /** Ends it; what it kept stays for the next. */
  stop(): Promise<void>
}

/** A folder that logs are kept in over several engines, one after the other. */
export function logFolder(
  socket: string,
  folder = mkdtempSync(join(tmpdir(), 'qa-container-logs-')),
): { start(): EngineLogs; remove(): void } {
  let connection = 0
  const start = (): EngineLogs => {
    const engine = new LocalLogEngine({
      folder,
      instance: 'i',
      limits,
      now: Date.now,
      post: () => Promise.reject(new Error('Nothing is forwarded')),
      told: () => undefined,
      output: (endpoint) => new EngineOutput(endpoint),
    })
    connection += 1
    const lines = async (source?: string) => {
      const signal = new AbortController().signal
      const sources = source === undefined ? undefined : [source]
      let { lines: all, older } = await engine.search({ apps: ['shop'], sources, limit: 1e6 }, signal)
      while (older !== null) {
        const page = await engine.search({ apps: ['shop'], sources, limit: 1e6, before: older }, signal)
        all = [...page.lines, ...all]
        older = page.older
      }
      return all
    }
    const row = async (wanted: string) =>
      (await engine.sources(['shop'])).find(({ source }) => source === wanted)
    return {
      read: (containers, at = socket) =>
        engine.follow({
          endpoint: { kind: 'socket', path: at, native: true, source: 'the test' },
          connection,
          containers: containers.map((one) => ({
            app: 'shop',
            source: `container:${one.name ?? 'web'}`,
            kind: 'application',
            id: '',
            name: 'web',
            running: true,
            starts: 0,
            ...one,
          })),
          lacking: [],
        }),
      lines,
      texts: async (source) => (await lines(source)).map(({ text }) => text),
      count: async (source) => (await row(source))?.lines ?? 0,
      problem: async (source) => (await row(source))?.problem,
      stop: () => engine.dispose(),
    }
  }
  return { start, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
