import { Uri, workspace } from 'vscode'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { Failure, messageOf } from '#base/failure.ts'

/** Writes a piece; where a promise comes back, the next one waits for it. */
export type WritePiece = (piece: Buffer) => Promise<unknown> | undefined

/**
 * Writes a file that a person picked: beside the target, and renamed when it is whole, so that one that is cancelled
 * leaves nothing behind.
 * @throws what `produce` throws, else Failure `store-unavailable`.
 */
export async function exportTo<T>(target: Uri, produce: (write: WritePiece) => Promise<T>): Promise<T> {
  const local = target.scheme === 'file'
  const folder = local ? path.dirname(target.fsPath) : await mkdtemp(path.join(tmpdir(), 'quantum-admin-'))
  const part = path.join(folder, `.${path.basename(target.path)}.${process.pid}.part`)
  const file = createWriteStream(part, { mode: 0o600, flags: 'wx' })
  const written = settled(file)
  try {
    const result = await produce((piece) =>
      file.write(piece) ? undefined : Promise.race([once(file, 'drain'), written]),
    )
    file.end()
    await written
    if (local) await rename(part, target.fsPath)
    else await workspace.fs.copy(Uri.file(part), target, { overwrite: true })
    return result
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('store-unavailable', `The export cannot be written: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    file.destroy()
    await rm(local ? part : folder, { force: true, recursive: !local })
  }
}

/** Listens from the start, because an error nobody listens to would end the extension host. */
async function settled(file: WriteStream): Promise<void> {
  const finished = once(file, 'close').then(() => {
    if (file.errored !== null) throw file.errored
  })
  file.on('error', () => file.destroy())
  finished.catch(() => {})
  await finished
}
