/** The share of the cores' time that was used between two looks at counters that only grow. */
export class CpuShare {
  #before: { readonly busy: number; readonly all: number } | null = null

  /** 100 = all cores; null for the first look, and where no time has passed. */
  since(now: { readonly busy: number; readonly all: number }): number | null {
    const before = this.#before
    this.#before = now
    if (before === null || now.all <= before.all || now.busy < before.busy) return null
    return ((now.busy - before.busy) / (now.all - before.all)) * 100
  }
}
