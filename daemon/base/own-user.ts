import { userInfo } from 'node:os'

/** The user this program runs as. */
export interface OwnUser {
  /** -1 on Windows. */
  readonly uid: number
  readonly username: string
}

let known: OwnUser | undefined

/** The user this program runs as. Asked of the system once: it reads files, and every connection wants to know. */
export const ownUser = (): OwnUser => (known ??= askSystem())

/** A container may run us under a number that no user of its system has: then the number is the name, as in `ps`. */
function askSystem(): OwnUser {
  try {
    const { uid, username } = userInfo()
    return { uid, username }
  } catch {
    const uid = process.getuid?.() ?? -1
    return { uid, username: String(uid) }
  }
}
