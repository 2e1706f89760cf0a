import type { Change } from '../../kernel/execute.ts'

/** A place for keys. A key is 64 hexadecimal digits; its id says nothing of it. */
export interface Keys {
  /** @returns null when there is no such key. @throws when the place cannot be asked. */
  read(id: string): Promise<string | null>
  /** Durable when it settles. @throws when it could not be kept. */
  write(change: Change, id: string, key: string): Promise<void>
  remove(change: Change, id: string): Promise<void>
  /** Removes what a daemon that was killed left behind. */
  removeAllBut(change: Change, id: string): Promise<void>
}
