import { readFile } from 'node:fs/promises'

/**
 * The named variables of a process's environment as it was started. Only these leave this function: the rest
 * holds other people's secrets.
 * @returns null where it cannot be known: another user's process, one that has ended, or another system than Linux.
 */
export async function environmentOf(
  pid: number,
  names: readonly string[],
): Promise<Readonly<Record<string, string>> | null> {
  if (process.platform !== 'linux') return null
  let text
  try {
    text = await readFile(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return null
  }
  const found: Record<string, string> = {}
  for (const line of text.split('\0')) {
    const name = names.find((wanted) => line.startsWith(`${wanted}=`))
    if (name !== undefined) found[name] ??= line.slice(name.length + 1)
  }
  return found
}
