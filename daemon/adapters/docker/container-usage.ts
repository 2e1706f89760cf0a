import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod/mini'
import type { ContainerUsage } from '#contract/resources.ts'

/** Two samples closer than this say little: the kernel counts the machine's time in steps of 10 ms. */
const leastApartMs = 200
/** A percentage since longer ago is not what it uses now. */
const mostApartMs = 30_000
const asksAtOnce = 8

const stats = z.object({
  cpu_stats: z.object({
    cpu_usage: z.object({ total_usage: z.number() }),
    /** Nanoseconds of all processors together, idle ones too. */
    system_cpu_usage: z.optional(z.number()),
    online_cpus: z.optional(z.number()),
  }),
  memory_stats: z.object({
    usage: z.optional(z.number()),
    stats: z.optional(
      z.looseObject({ inactive_file: z.optional(z.number()), total_inactive_file: z.optional(z.number()) }),
    ),
  }),
})

interface Sample {
  /** Nanoseconds of processor time that the container has used. */
  readonly cpu: number
  /** Nanoseconds of machine time, of one processor. */
  readonly machine: number
  /** Milliseconds of our own clock. */
  readonly at: number
  readonly memoryBytes: number | null
  readonly cpuPercent: number | null
}

/** Asks for one container's stats, one-shot; null when it is gone. */
export type AskStats = (id: string) => Promise<unknown>

/**
 * What containers use now. The engine's one-shot answer holds counters only, so the last sample is remembered; the
 * first time a second one is taken {@link leastApartMs} later.
 */
export class UsageMeter {
  readonly #samples = new Map<string, Sample>()
  readonly #monotonic: () => number

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  async measure(
    ids: readonly string[],
    ask: AskStats,
    signal: AbortSignal,
  ): Promise<readonly ContainerUsage[]> {
    const now = this.#monotonic()
    for (const [id, { at }] of this.#samples) if (now - at > mostApartMs) this.#samples.delete(id)
    const age = (id: string) => now - (this.#samples.get(id)?.at ?? Number.NEGATIVE_INFINITY)
    const unknown = ids.filter((id) => !this.#samples.has(id))
    if (unknown.length > 0) {
      await this.#sampleAll(unknown, ask)
      await delay(leastApartMs, undefined, { signal })
    }
    await this.#sampleAll(
      ids.filter((id) => unknown.includes(id) || age(id) >= leastApartMs),
      ask,
    )
    return ids.flatMap((id) => {
      const sample = this.#samples.get(id)
      return sample ? [{ id, cpuPercent: sample.cpuPercent, memoryBytes: sample.memoryBytes }] : []
    })
  }

  async #sampleAll(ids: readonly string[], ask: AskStats): Promise<void> {
    const next = ids.values()
    const work = async () => {
      for (const id of next) this.#keep(id, stats.safeParse(await ask(id)).data)
    }
    await Promise.all(Array.from({ length: Math.min(asksAtOnce, ids.length) }, work))
  }

  #keep(id: string, answer: z.output<typeof stats> | undefined): void {
    const last = this.#samples.get(id)
    this.#samples.delete(id)
    // A container that has just stopped answers with zeros.
    if (answer === undefined || answer.cpu_stats.cpu_usage.total_usage === 0) return
    const { cpu_usage, system_cpu_usage, online_cpus } = answer.cpu_stats
    const at = this.#monotonic()
    const machine = system_cpu_usage && online_cpus ? system_cpu_usage / online_cpus : at * 1e6
    const cpu = cpu_usage.total_usage
    this.#samples.set(id, {
      cpu,
      machine,
      at,
      memoryBytes: memoryOf(answer),
      cpuPercent: percent(last, cpu, machine),
    })
  }
}

/** 100 = one core. Null when there is nothing to compare with: counters begin anew with each start. */
function percent(last: Sample | undefined, cpu: number, machine: number): number | null {
  if (last === undefined || machine <= last.machine || cpu < last.cpu) return null
  return Math.round(((cpu - last.cpu) / (machine - last.machine)) * 1000) / 10
}

/** As the docker command line counts: without the page cache that can be dropped. */
function memoryOf({ memory_stats: { usage, stats: detail } }: z.output<typeof stats>): number | null {
  if (usage === undefined) return null
  const cache = detail?.total_inactive_file ?? detail?.inactive_file ?? 0
  return cache < usage ? usage - cache : usage
}
