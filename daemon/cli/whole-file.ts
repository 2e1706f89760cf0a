import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { Failure, messageOf } from '#base/failure.ts'
import type { Session } from './session.ts'

/** Settles once there is room for more; undefined when there is. */
export type Write = (text: string) => Promise<unknown> | undefined

export const toStdout: Write = (text) =>
  process.stdout.write(text) ? undefined : new Promise((resolve) => process.stdout.once('drain', resolve))

/** Writes beside the file and takes its place at the end, readable by its owner only. */
export async function toFile<T>(output: string, produce: (write: Write) => Promise<T>): Promise<T> {
  const partial = `${output}.${process.pid}.part`
  const file = await open(partial, 'wx', 0o600).catch((error: unknown) => {
    throw new Failure('wrong-use', `--output: ${messageOf(error)}`, {
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause: error,
    })
  })
  try {
    let written: Promise<unknown> = Promise.resolve()
    const produced = await produce((text) => {
      written = written.then(() => file.appendFile(text))
      // The failure is met below, where it is awaited; until then it must not count as unhandled.
      written.catch(() => {})
      return written
    })
    await written
    await file.sync()
    await file.close()
    await rename(partial, output)
    return produced
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    if (error instanceof Failure) throw error
    throw new Failure('wrong-use', `${output} could not be written: ${messageOf(error)}`, {
      hint: 'Free some space, or name a file elsewhere.',
      cause: error,
    })
  }
}

/** Asks before a file is replaced. @throws Failure `confirmation-required`. */
export async function mayReplace({ globals, signal }: Session, output: string): Promise<void> {
  if (!existsSync(output)) return
  const { confirm } = await import('./confirm.ts')
  const asked = { question: `${output} is there already. Replace it?`, name: output, touches: [] }
  await confirm('confirm', asked, { yes: globals.yes, signal })
}
