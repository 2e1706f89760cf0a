import { window, type OutputChannel } from 'vscode'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunRow } from '#contract/jobs.ts'
import { printableLine } from '#base/printable.ts'
import type { Owned } from '#base/lifetime.ts'
import { fullText, label } from '../display.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import { countsText, runStateWord, runTitle, tookText } from '../runs.ts'

/** So often what a run has written since is asked for, in milliseconds. */
const pollMs = 250

/** Reads what a run writes, from its beginning until it has ended. @returns how it ended. */
export async function readRun(
  model: Model,
  run: string,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<RunRow> {
  for (let from = 0; ;) {
    const { text, next, ended } = await model.query('jobs.output', { run, from }, { signal })
    if (text !== '') onText(text)
    if (ended) return model.query('jobs.show', { run }, { signal })
    from = next
    if (text === '') await delay(pollMs, undefined, { signal })
  }
}

/** Shows what runs write, one output channel for each job or tests of an app. */
export class RunOutputs implements Owned {
  readonly #model: Model
  readonly #report: Report
  readonly #channels = new Map<string, OutputChannel>()
  readonly #reading = new Map<string, { readonly run: string; readonly stop: AbortController }>()

  constructor(model: Model, report: Report) {
    this.#model = model
    this.#report = report
  }

  /** Shows a run, which goes on being shown as it writes. */
  show(row: Pick<RunRow, 'run' | 'app' | 'job'>): void {
    const title = runTitle(row)
    const channel = this.#channelOf(title)
    channel.show(true)
    if (this.#reading.get(title)?.run === row.run) return
    this.#reading.get(title)?.stop.abort()
    const stop = new AbortController()
    this.#reading.set(title, { run: row.run, stop })
    channel.clear()
    void this.#report
      .guard(() => this.#read(row.run, channel, stop.signal))
      .finally(() => {
        if (this.#reading.get(title)?.stop === stop) this.#reading.delete(title)
      })
  }

  dispose(): void {
    for (const { stop } of this.#reading.values()) stop.abort()
    for (const channel of this.#channels.values()) channel.dispose()
  }

  #channelOf(title: string): OutputChannel {
    const known = this.#channels.get(title)
    if (known !== undefined) return known
    const channel = window.createOutputChannel(label(title))
    this.#channels.set(title, channel)
    return channel
  }

  async #read(run: string, channel: OutputChannel, signal: AbortSignal): Promise<void> {
    let rest = ''
    try {
      const ended = await readRun(this.#model, run, signal, (text) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        if (lines.length > 0) channel.append(`${lines.map(shown).join('\n')}\n`)
      })
      if (rest !== '') channel.appendLine(shown(rest))
      channel.appendLine(closingText(ended))
    } catch (error) {
      // Another run of it is shown instead, or the window closes.
      if (!signal.aborted) throw error
    }
  }
}

/** An output channel shows text, so colours are left out. */
const shown = (line: string): string => printableLine(line.replace(/\r$/, ''), false)

/** Text from a run for a terminal: its colours stay, whatever else could act on one is shown as what it is. */
export const forTerminal = (text: string): string =>
  text
    .split('\n')
    .map((line) => printableLine(line.replace(/\r$/, ''), true))
    .join('\r\n')

/** How a run ended, as the last line of what it wrote. */
export function closingText(run: RunRow): string {
  const parts = [
    runStateWord(run.state),
    tookText(run),
    run.tests === null ? null : countsText(run.tests),
    run.reason,
  ]
  return fullText(`— ${parts.filter((part) => part !== null).join(' · ')} —`)
}
