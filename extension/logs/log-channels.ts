import { l10n, window, type LogOutputChannel } from 'vscode'
import type { LogFilter, LogLine } from '#contract/logs.ts'
import type { LogLevel } from '#contract/log-words.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Ask } from '../document-texts.ts'
import type { Model } from '../model.ts'
import { textOf } from './log-formats.ts'
import { newestLines } from './log-search.ts'
import { LogTail } from './log-tail.ts'

/** Lines of history that are shown first. */
const history = 1000

/** A channel knows no graver word than `error`. */
const methods = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
} as const satisfies Readonly<Record<LogLevel, keyof LogOutputChannel>>

interface Shown {
  readonly channel: LogOutputChannel
  stop: AbortController
  tail: LogTail | undefined
}

/** Logs in the Output panel, one channel for each app, which go on growing. */
export class LogChannels implements Owned {
  readonly #model: Model
  readonly #channels = new Map<string, Shown>()
  #watches: Owned[] = []

  constructor(model: Model) {
    this.#model = model
  }

  /** Shows what matches, and what will. */
  async show(title: string, filter: LogFilter): Promise<void> {
    const shown = this.#channelOf(title)
    shown.stop.abort()
    shown.tail?.stop()
    const stop = (shown.stop = new AbortController())
    shown.channel.clear()
    shown.channel.show(true)
    const ask: Ask = (name, params) => this.#model.query(name, params, { signal: stop.signal })
    const { lines, newer, more } = await newestLines(ask, filter, history)
    if (more) shown.channel.info(l10n.t('— Earlier lines are not shown here. —'))
    append(shown.channel, lines)
    if (newer === null) return
    shown.tail = new LogTail(newer, {
      search: (after, limit) => ask('logs.search', { ...filter, after, limit }),
      show: async ({ lines: arrived, skipped }) => {
        if (skipped > 0)
          shown.channel.warn(l10n.t('— {0} lines are not shown: they came too fast. —', skipped))
        append(shown.channel, arrived)
      },
      failed: () => shown.channel.warn(l10n.t('— Following was interrupted. —')),
    })
    shown.tail.poke()
  }

  dispose(): void {
    for (const watch of this.#watches) void watch.dispose()
    for (const { channel, stop, tail } of this.#channels.values()) {
      stop.abort()
      tail?.stop()
      channel.dispose()
    }
  }

  #channelOf(title: string): Shown {
    if (this.#watches.length === 0)
      this.#watches = [
        this.#model.want(['logs']),
        this.#model.onChanged((topic) => {
          if (topic === 'logs') for (const { tail } of this.#channels.values()) tail?.poke()
        }),
      ]
    const known = this.#channels.get(title)
    if (known !== undefined) return known
    const shown: Shown = {
      channel: window.createOutputChannel(title, { log: true }),
      stop: new AbortController(),
      tail: undefined,
    }
    this.#channels.set(title, shown)
    return shown
  }
}

function append(channel: LogOutputChannel, lines: readonly LogLine[]): void {
  for (const line of lines) channel[methods[line.level ?? 'info']](textOf(line, false))
}
