import { isoTime } from '#base/clock.ts'
import { plainCandidate } from './cause-evidence.ts'
import type { Happening } from './timeline-event.ts'

/** Numbers of a stretch of time before an onset, oldest first; null where nothing is known. */
export interface MachineBefore {
  /** When each step began, ms since the epoch. */
  readonly at: readonly number[]
  /** 100 = all cores. */
  readonly cpuPercent: readonly (number | null)[]
  /** Bytes of the machine, and all that it has. */
  readonly memory: readonly (number | null)[]
  readonly totalMemory: number
}

const busyPercent = 92
const calmPercent = 75
const shortShare = 0.95

/** What the machine was short of when something began to fail, and was not short of before. */
export function ofMachine(machine: MachineBefore | null): readonly Happening[] {
  if (machine === null) return []
  const { at, cpuPercent, memory, totalMemory } = machine
  return [
    ...became(
      at,
      cpuPercent,
      busyPercent,
      calmPercent,
      'All processors of the machine were busy',
      (value) => `${Math.round(value)} %`,
    ),
    ...became(
      at,
      memory,
      totalMemory * shortShare,
      totalMemory * 0.9,
      'The memory of the machine was all in use',
      (value) => `${(value / 1e9).toFixed(1)} of ${(totalMemory / 1e9).toFixed(1)} GB`,
    ),
  ]
}

/** Whether the last two numbers are over a limit, which some number before was not even near. */
function became(
  at: readonly number[],
  values: readonly (number | null)[],
  limit: number,
  calm: number,
  title: string,
  text: (value: number) => string,
): readonly Happening[] {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, at: at[index] ?? 0 }]))
  const last = known.at(-1)
  if (last === undefined || known.slice(-2).some(({ value }) => value < limit)) return []
  const calmAt = known.findLastIndex(({ value }) => value < calm)
  const first = known[calmAt + 1]
  if (calmAt === -1 || first === undefined) return []
  return [
    {
      event: {
        at: isoTime(first.at),
        after: null,
        kind: 'machine',
        app: null,
        title,
        detail: text(last.value),
        opens: null,
      },
      candidate: {
        ...plainCandidate,
        kind: 'machine',
        turn: 'full',
        at: first.at,
        relation: 'machine',
      },
    },
  ]
}
