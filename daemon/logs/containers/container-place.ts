import { printOf } from '../intake/place.ts'
import type { EngineMessage } from './engine-messages.ts'

/**
 * A message in the log of a container. Engines number none, so it is told by what it is: its stream and its time to the
 * nanosecond, and which of those with that time, since clocks may be coarse.
 */
export interface ContainerPlace {
  readonly stream: number
  readonly time: string
  /** It is the so-manieth of its stream, one after the other, that have this time. */
  readonly run: number
  readonly print: string
}

/** How many messages of a stream came last with one time. */
export type Runs = Readonly<Record<number, { readonly time: string; readonly run: number }>>

/** The runs with one message more. */
export function counted(runs: Runs, { stream, time }: EngineMessage): Runs {
  const before = runs[stream]
  return { ...runs, [stream]: { time, run: before?.time === time ? before.run + 1 : 1 } }
}

/** Where a message stands that was counted last. */
export const placeOf = ({ stream, time, bytes }: EngineMessage, runs: Runs): ContainerPlace => ({
  stream,
  time,
  run: runs[stream]?.run ?? 1,
  print: printOf(bytes),
})

/** Looks for a place in the last messages of a log, to go on behind it. */
export class Seek {
  readonly #place: ContainerPlace
  readonly #cut: boolean
  #runs: Runs = {}
  #found = false
  /** Messages that were looked at. */
  seen = 0

  /** @param cut - messages before those may be left out, so that of some with one time the first may be missing. */
  constructor(place: ContainerPlace, cut: boolean) {
    this.#place = place
    this.#cut = cut
  }

  get found(): boolean {
    return this.#found
  }

  /** Those behind the place. */
  after(messages: readonly EngineMessage[]): readonly EngineMessage[] {
    if (this.#found) return messages
    for (const [index, message] of messages.entries()) {
      const isFirst = this.#runs[message.stream] === undefined
      this.#runs = counted(this.#runs, message)
      this.seen += 1
      if (this.#isIt(message) && !(this.#cut && isFirst)) {
        this.#found = true
        return messages.slice(index + 1)
      }
    }
    return []
  }

  #isIt(message: EngineMessage): boolean {
    const { stream, time, run, print } = this.#place
    return (
      message.stream === stream &&
      message.time === time &&
      this.#runs[stream]?.run === run &&
      printOf(message.bytes) === print
    )
  }
}
