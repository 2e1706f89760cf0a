import { window, type LogOutputChannel } from 'vscode'
import { existsSync } from 'node:fs'
import type { Owned } from '#base/lifetime.ts'
import { messageOf } from '#base/failure.ts'
import { stateFolder, statePaths } from '#base/state-paths.ts'
import type { Model } from '../model.ts'
import { logLine } from './log-lines.ts'
import { TailFile } from './tail-file.ts'

/** Bytes of the log shown from before the window was opened. */
const history = 64 * 1024

/** Shows the own log of this machine's daemon; of a team's daemon there is none to read. */
export class DaemonLog implements Owned {
  readonly channel: LogOutputChannel
  readonly #isLocal: () => boolean
  readonly #watch: Owned
  #tail: TailFile | undefined

  constructor(model: Model, isLocal: () => boolean) {
    this.channel = window.createOutputChannel('Quantum Admin Daemon', { log: true })
    this.#isLocal = isLocal
    this.#watch = model.onState(() => this.#follow())
  }

  dispose(): void {
    void this.#watch.dispose()
    this.#tail?.dispose()
    this.channel.dispose()
  }

  /** The folder is there as soon as a daemon has run, so a start that fails can be read too. */
  #follow(): void {
    const { log, logs } = statePaths(stateFolder())
    if (this.#tail !== undefined || !this.#isLocal() || !existsSync(logs)) return
    this.#tail = new TailFile({
      file: log,
      history,
      onLines: (lines) => {
        for (const { level, text } of lines.map(logLine)) this.channel[level](text)
      },
      onError: (error) => this.channel.error(messageOf(error)),
    })
  }
}
