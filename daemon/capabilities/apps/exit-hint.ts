/** What programs write that want a terminal and have none. */
const noTerminal =
  /\bnot a (?:tty|terminal)\b|inappropriate ioctl for device|no tty present|must be run (?:in|from) a terminal|open \/dev\/tty/i
/** As the shells of Debian, Alpine, macOS and others say it. */
const notFound = /(?:^|: )([^\s:]+): (?:command )?not found\s*$/i
const notExecutable = /(?:^|: )([^\s:]+): (?:Permission denied|cannot execute)/i
const portTaken = /EADDRINUSE|address already in use/i

/** Lines in which the reason is looked for: what is further up is another matter. */
const lastLines = 8

/** Why a program ended with an exit code, as far as the end of what it wrote tells; null when it does not. */
export function exitHint(code: number, written: string): string | null {
  const lines = written.split('\n').slice(-lastLines - 1)
  const found = (pattern: RegExp): RegExpExecArray | null => {
    for (const line of lines.toReversed()) {
      const match = pattern.exec(line.trim())
      if (match !== null) return match
    }
    return null
  }
  if (code === 127) {
    const name = found(notFound)?.[1]
    return name === undefined
      ? 'its command was not found'
      : `the command ${name} was not found; install it, or correct the command`
  }
  if (code === 126) return `${found(notExecutable)?.[1] ?? 'its command'} may not be executed`
  if (found(noTerminal) !== null)
    return 'it wants a terminal, and apps run without one; start it in a terminal, or by a command that needs none'
  if (found(portTaken) !== null) return 'a port it wanted is taken; `quantum-admin ports list` says by whom'
  return null
}
