import type { HistoryRow } from '#contract/history.ts'
import type { Candidate } from './cause-evidence.ts'

/** What an app's configurations name. */
export interface Named {
  readonly ports: ReadonlySet<number>
  readonly words: ReadonlySet<string>
}

interface KnownApp {
  readonly app: string
  readonly port: number | null
}

/** What an app has to do with, as far as its configurations and those of what they name say. */
export class Relations {
  readonly #app: string
  readonly #needed: ReadonlySet<string>
  readonly #ports: ReadonlySet<number>
  readonly #words: ReadonlySet<string>
  readonly #portsOf: ReadonlyMap<string, ReadonlySet<number>>

  /** @param seen - listeners that were seen, which tell of ports that apps have taken by themselves. */
  constructor(
    app: string,
    apps: readonly KnownApp[],
    named: (app: string) => Named,
    seen: readonly HistoryRow[],
  ) {
    this.#app = app
    const portsOf = portsByApp(apps, seen)
    const needed = new Set<string>()
    const ports = new Set<number>()
    const words = new Set<string>()
    // What is needed needs something itself.
    for (let level = [app]; level.length > 0;) {
      const next: string[] = []
      for (const one of level) {
        const own = named(one)
        for (const port of own.ports) ports.add(port)
        for (const word of own.words) words.add(word)
        for (const { app: other } of apps) {
          const isNamed =
            own.words.has(other) || [...(portsOf.get(other) ?? [])].some((port) => own.ports.has(port))
          if (other !== app && !needed.has(other) && isNamed) next.push(other)
        }
      }
      for (const one of next) needed.add(one)
      level = next
    }
    for (const port of portsOf.get(app) ?? []) ports.add(port)
    this.#needed = needed
    this.#ports = ports
    this.#words = words
    this.#portsOf = portsOf
  }

  /** Those that are needed. */
  get needed(): readonly string[] {
    return [...this.#needed]
  }

  /** Where an app listens or was seen to. */
  portsOf = (app: string): readonly number[] => [...(this.#portsOf.get(app) ?? [])]

  names = (word: string): boolean => this.#words.has(word)

  of = (app: string | null, ports: readonly number[]): Candidate['relation'] => {
    if (app === this.#app) return 'own'
    if (app !== null && this.#needed.has(app)) return 'needed'
    return ports.some((port) => this.#ports.has(port)) ? 'needed' : 'other'
  }
}

function portsByApp(
  apps: readonly KnownApp[],
  seen: readonly HistoryRow[],
): ReadonlyMap<string, ReadonlySet<number>> {
  const ports = new Map(apps.map(({ app, port }) => [app, new Set(port === null ? [] : [port])]))
  for (const { kind, app, names } of seen) {
    const port = Number(names[0])
    if (kind === 'port' && app !== null && port > 0) ports.get(app)?.add(port)
  }
  return ports
}
