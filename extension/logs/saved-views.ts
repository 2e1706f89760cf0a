import type { Memento } from 'vscode'
import { isSaved, isView, type LogView, type SavedView } from '../../webviews/logs/view.ts'

/** Views that are kept for an app. */
const most = 50

/** What people have set for the log of each app, and under which names; null is all apps. */
export class SavedViews {
  readonly #memory: Memento

  constructor(memory: Memento) {
    this.#memory = memory
  }

  last(app: string | null): LogView | null {
    const view = this.#memory.get<unknown>(keyOf('last', app))
    return isView(view) ? view : null
  }

  async remember(app: string | null, view: LogView): Promise<void> {
    await this.#memory.update(keyOf('last', app), view)
  }

  named(app: string | null): readonly SavedView[] {
    const saved = this.#memory.get<unknown>(keyOf('named', app))
    return Array.isArray(saved) ? saved.filter((one) => isSaved(one)) : []
  }

  /** The newest of a name stays. */
  async save(app: string | null, saved: SavedView): Promise<void> {
    const others = this.named(app).filter(({ name }) => name !== saved.name)
    const all = [...others, saved].slice(-most)
    await this.#memory.update(
      keyOf('named', app),
      all.toSorted((a, b) => a.name.localeCompare(b.name)),
    )
  }

  async forget(app: string | null, name: string): Promise<void> {
    const others = this.named(app).filter((saved) => saved.name !== name)
    await this.#memory.update(keyOf('named', app), others)
  }
}

/** No app is called by an empty name. */
const keyOf = (what: 'last' | 'named', app: string | null): string => `logs.${what}:${app ?? ''}`
