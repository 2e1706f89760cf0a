import type { Owned } from './lifetime.ts'

/** A typed event: listeners are called in the order they came, on the emitter's stack. */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Listens until the result is disposed. */
  on(listener: (value: T) => void): Owned {
    this.#listeners.add(listener)
    return { dispose: () => void this.#listeners.delete(listener) }
  }

  emit(value: T): void {
    for (const listener of this.#listeners) listener(value)
  }

  get size(): number {
    return this.#listeners.size
  }
}
