import { ownUser } from '#base/own-user.ts'
import { readStat, readText } from './proc-files.ts'

/** Names of the machine's users, read from /etc/passwd and again when that changed. */
export class Users {
  #names = new Map<number, string>()
  #version = ''

  /** Picks up a change of the file; once per scan is enough. */
  refresh(): void {
    const stat = readStat('/etc/passwd')
    const version = stat === null ? 'none' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`
    if (version === this.#version) return
    this.#version = version
    this.#names = parsePasswd(readText('/etc/passwd') ?? '')
    // The own name is known even when it comes from a directory service.
    const self = ownUser()
    if (!this.#names.has(self.uid)) this.#names.set(self.uid, self.username)
  }

  /** The name, or the number as text for users that are not in the file, as ps and ls show them. */
  name(uid: number): string {
    return this.#names.get(uid) ?? String(uid)
  }
}

/** The first line of a number wins, as it does for getpwuid(3). */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.split(':')
    if (name !== '' && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name)
  }
  return names
}
