import { isList, isWant, toPageOf, type FromPage, type List, type ToPage, type Want } from './messages.ts'

interface Vscode {
  postMessage(message: unknown): void
  getState(): unknown
  setState(state: unknown): void
}
declare function acquireVsCodeApi(): Vscode

/** The extension, seen from the page. */
export class Host {
  readonly #vscode = acquireVsCodeApi()

  /** Listens to the extension. What does not look as it should is dropped. */
  listen(told: (message: ToPage) => void): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const message = toPageOf(data)
      if (message !== null) told(message)
    })
  }

  send(message: FromPage): void {
    this.#vscode.postMessage(message)
  }

  /** What was looked at when VS Code last wrote it down. */
  get kept(): List {
    const { list } = this.#state
    return isList(list) ? list : null
  }

  /** The plots that were looked at then. */
  get keptPlots(): Want | null {
    const { plots } = this.#state
    return isWant(plots) ? plots : null
  }

  /** Remembers what is looked at, for when the page is shown again and for when the window is. */
  keep(list: List): void {
    this.#vscode.setState({ ...this.#state, list })
    this.send({ type: 'look', list })
  }

  keepPlots(plots: Want): void {
    this.#vscode.setState({ ...this.#state, plots })
  }

  /** How far down the overview was seen, in pixels. */
  get keptScroll(): number {
    const { scroll } = this.#state
    return typeof scroll === 'number' && scroll > 0 ? scroll : 0
  }

  keepScroll(scroll: number): void {
    this.#vscode.setState({ ...this.#state, scroll })
  }

  get #state(): { readonly list?: unknown; readonly plots?: unknown; readonly scroll?: unknown } {
    const state = this.#vscode.getState()
    return typeof state === 'object' && state !== null ? state : {}
  }
}
