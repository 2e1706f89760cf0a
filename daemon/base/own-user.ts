import { userInfo } from 'node:os'

/** The user this program runs as. */
export interface OwnUser {
  /** -1 on Windows. */
  readonly uid: number
  readonly username: string
}

/** A container may run us under a number that no user of its system has: then the number is the name, as in `ps`. */
export function ownUser(): OwnUser {
  try {
    const { uid, username } = userInfo()
    return { uid, username }
  } catch {
    const uid = process.getuid?.() ?? -1
    return { uid, username: String(uid) }
  }
}
