import { DatabaseSync } from 'node:sqlite'
import type { FaultWorld } from './fault-world.ts'

/** Something that breaks an app, with what it is known to be caused by. */
export interface Fault {
  readonly name: string
  /** What it takes that not every machine has: mounts of one's own, or one of the peers. */
  readonly needs?: 'mounts' | 'faketime' | 'git'
  /** The kinds of events that tell of the cause, and what the line must say of it. */
  readonly kinds: readonly string[]
  readonly says: RegExp
  /** Makes the app and waits until it is well. @returns what breaks it, which settles with the moment from which it is. */
  readonly build: (world: FaultWorld) => Promise<() => Promise<number>>
}

export const now = (): Promise<number> => Promise.resolve(Date.now())

/** What takes effect with a restart. */
export const thenRestart = (world: FaultWorld, change: () => unknown) => async (): Promise<number> => {
  await change()
  return world.restart()
}

export const atOnce = (change: () => unknown) => async (): Promise<number> => {
  const at = Date.now()
  await change()
  return at
}

export function makeItems(file: string): void {
  const database = new DatabaseSync(file)
  database.exec('create table items (price integer); insert into items values (1)')
  database.close()
}
