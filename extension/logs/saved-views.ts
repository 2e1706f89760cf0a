import type { Memento } from 'vscode'
import {
  isPlace,
  isSaved,
  isView,
  type LogView,
  type Place,
  type SavedView,
} from '../../webviews/logs/view.ts'

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

  /** Where somebody was in the log; null at the newest line. */
  place(app: string | null): Place | null {
    const place = this.#memory.get<unknown>(keyOf('place', app))
    return isPlace(place) ? place : null
  }

  async keepPlace(app: string | null, place: Place | null): Promise<void> {
    await this.#memory.update(keyOf('place', app), place ?? undefined)
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
const keyOf = (what: 'last' | 'named' | 'place', app: string | null): string => `logs.${what}:${app ?? ''}`
