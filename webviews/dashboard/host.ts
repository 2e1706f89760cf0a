import { cardIds, toPageOf, type FromPage, type List, type ToPage } from './messages.ts'

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
    const state = this.#vscode.getState()
    const list = typeof state === 'object' && state !== null && 'list' in state ? state.list : null
    if (typeof list !== 'object' || list === null || !('card' in list) || !('group' in list)) return null
    const card = cardIds.find((id) => id === list.card)
    const group = typeof list.group === 'string' ? list.group : null
    return card === undefined ? null : { card, group }
  }

  /** Remembers what is looked at, for when the page is shown again and for when the window is. */
  keep(list: List): void {
    this.#vscode.setState({ list })
    this.send({ type: 'look', list })
  }
}
