/** Something that must be let go of. */
export interface Owned {
  dispose(): void | Promise<void>
}

/** Owns disposables and disposes them once, newest first; a failing one does not keep the rest alive. */
export class Lifetime implements Owned {
  readonly #owned: Owned[] = []
  #disposed = false

  /** Takes ownership on the line that creates the value. After disposal it is disposed at once. */
  own<T extends Owned>(value: T): T {
    if (this.#disposed) void value.dispose()
    else this.#owned.push(value)
    return value
  }

  /** Owns a plain function. */
  onDispose(dispose: () => void | Promise<void>): void {
    this.own({ dispose })
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** @throws AggregateError when one or more refused to be disposed; all were tried. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    const errors: unknown[] = []
    for (const owned of this.#owned.splice(0).reverse()) {
      try {
        await owned.dispose()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Some resources could not be released')
  }
}
