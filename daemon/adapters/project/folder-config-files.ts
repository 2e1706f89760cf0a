import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { ConfigFile, ConfigFiles } from './config-files.ts'

const names = ['quantum.config.yaml', 'quantum.config.yml'] as const
const mostBytes = 1024 * 1024

/** Configurations in the file system. */
export const folderConfigFiles: ConfigFiles = { read, replace }

async function read(folder: string): Promise<ConfigFile | null> {
  for (const name of names) {
    const found = await textOf(join(folder, name))
    if (found !== null) return found
  }
  return null
}

async function textOf(file: string): Promise<ConfigFile | null> {
  const found = await lookAt(file)
  if (found === null) return null
  // Opening a pipe waits for its other end, and what a link leads to may be another app's.
  if (!found.isFile()) throw conflict(file, 'it is no regular file; edit it where it is')
  if (found.size > mostBytes) throw conflict(file, 'it is larger than 1 MiB')
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const handle = await open(file, flags).catch(refused(file))
  try {
    const bytes = await handle.readFile()
    return { file, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch (error) {
    throw error instanceof TypeError ? conflict(file, 'it is no text in UTF-8') : error
  } finally {
    await handle.close()
  }
}

async function lookAt(file: string) {
  try {
    return await lstat(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw denied(file, error)
  }
}

async function replace(
  _change: Change,
  folder: string,
  before: ConfigFile | null,
  text: string,
): Promise<string> {
  const file = before?.file ?? join(folder, names[0])
  const mode = ((await lookAt(file))?.mode ?? 0o644) & 0o777
  const partial = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(partial, 'wx', mode).catch(refused(file))
  try {
    try {
      await handle.writeFile(text)
      // The umask takes from what `open` was told.
      if (before !== null) await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const now = await read(folder)
    if (now?.text !== before?.text || now?.file !== before?.file)
      throw conflict(file, 'somebody changed it meanwhile')
    // Where none was, `link` refuses one that came meanwhile; a rename would take its place.
    if (before === null) await link(partial, file).catch(refused(file))
    else await rename(partial, file)
    return file
  } finally {
    await rm(partial, { force: true })
  }
}

const conflict = (file: string, why: string): Failure =>
  new Failure('conflict', `${basename(file)} is left as it is: ${why}`)

const denied = (file: string, error: unknown): Failure =>
  new Failure('permission-denied', `${file}: ${messageOf(error)}`, { cause: error })

const refused = (file: string) => (error: unknown) => {
  throw systemCode(error) === 'EEXIST' ? conflict(file, 'somebody made it meanwhile') : denied(file, error)
}
