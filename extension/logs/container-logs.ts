import { l10n, window, type OutputChannel } from 'vscode'
import type { ContainerRow } from '#contract/resources.ts'
import { printableLine } from '#base/printable.ts'
import type { Owned } from '#base/lifetime.ts'
import { label } from '../display.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'

/** Lines of history shown when following begins. */
const tail = 500

interface Following {
  readonly channel: OutputChannel
  readonly stop: AbortController
}

export interface ContainerLogsDeps {
  readonly model: Model
  readonly report: Report
  /** Told when following begins or ends. */
  readonly changed: () => void
}

/** Follows containers' logs, one output channel for each, until told to stop. */
export class ContainerLogs implements Owned {
  readonly #deps: ContainerLogsDeps
  readonly #channels = new Map<string, OutputChannel>()
  readonly #following = new Map<string, Following>()

  constructor(deps: ContainerLogsDeps) {
    this.#deps = deps
  }

  isFollowing(id: string): boolean {
    return this.#following.has(id)
  }

  /** Shows a container's log and follows it. */
  follow(row: ContainerRow): void {
    const channel = this.#channelOf(row)
    channel.show(true)
    if (this.#following.has(row.id)) return
    const following: Following = { channel, stop: new AbortController() }
    this.#following.set(row.id, following)
    this.#deps.changed()
    channel.clear()
    void this.#deps.report.guard(() => this.#stream(row, following))
  }

  /** Stops following; what was read stays to be read. */
  stop({ id }: ContainerRow): void {
    this.#following.get(id)?.stop.abort()
  }

  dispose(): void {
    for (const { stop } of this.#following.values()) stop.abort()
    for (const channel of this.#channels.values()) channel.dispose()
  }

  #channelOf({ id, name }: ContainerRow): OutputChannel {
    const known = this.#channels.get(id)
    if (known !== undefined) return known
    const channel = window.createOutputChannel(l10n.t('Container {0}', label(name)))
    this.#channels.set(id, channel)
    return channel
  }

  async #stream({ id }: ContainerRow, { channel, stop }: Following): Promise<void> {
    try {
      await this.#deps.model.query(
        'containers.logs',
        { id, tail, follow: true },
        { signal: stop.signal, onPiece: (piece) => append(channel, piece) },
      )
      channel.appendLine(
        stop.signal.aborted ? l10n.t('— No longer following. —') : l10n.t('— The log has ended. —'),
      )
    } catch (error) {
      channel.appendLine(
        stop.signal.aborted ? l10n.t('— No longer following. —') : l10n.t('— Following was interrupted. —'),
      )
      if (!stop.signal.aborted) throw error
    } finally {
      this.#following.delete(id)
      this.#deps.changed()
    }
  }
}

/** A batch of lines as one write; an output channel shows text, so colours are left out. */
function append(channel: OutputChannel, piece: unknown): void {
  if (typeof piece !== 'object' || piece === null || !('lines' in piece) || !Array.isArray(piece.lines))
    return
  const lines = piece.lines.map((line) => printableLine(String(line), false))
  if (lines.length > 0) channel.append(`${lines.join('\n')}\n`)
}
