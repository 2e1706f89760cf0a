const longest = 4096

/**
 * Text from a process or a container as it goes out: data, whatever it holds, but bounded. Clients make it
 * harmless before they show it.
 */
export function bounded(text: string): string {
  if (text.length <= longest) return text
  const cut = text.slice(0, longest - 1)
  // Half of a surrogate pair is no character.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

export const boundedOrNull = (text: string | null): string | null => (text === null ? null : bounded(text))

/** Arguments as one line for showing; it is not meant to be given to a shell. */
export const commandLine = (argv: readonly string[] | null): string | null =>
  argv === null ? null : bounded(argv.join(' '))
