import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import { readPiece, trimMiddle } from './output-file.ts'
import type { Ending, OutputPiece, Programs, ProgramSpec, RunFiles } from './programs.ts'

/** What was written before is set aside at a start when it is longer than this; the one before that is lost. */
const longestOutput = 64 * 1024 * 1024

/**
 * Runs the command in a shell of its own and notes how that ended. It stays deaf to the signals that end a program,
 * which the command, started with none of that, is not: so its ending is noted also when the group is signalled.
 * The note appears as a whole or not at all.
 */
const wrapper = `trap : TERM INT HUP QUIT
(trap - TERM INT HUP QUIT; exec /bin/sh -c "$1")
code=$?
printf '%s\\n' "$code" > "$2.new" && mv "$2.new" "$2"
exit "$code"`

/** Made by whichever shell comes first, and never by two of them: mkdir(2). */
const claimed = `mkdir "$2.begun" 2> /dev/null || exit 0
${wrapper}`

/** Programs under /bin/sh. */
export class ShellPrograms implements Programs {
  async start(
    _change: Change,
    { command, folder, environment, files, once: single }: ProgramSpec,
  ): Promise<number> {
    await mkdir(dirname(files.output), { recursive: true, mode: 0o700 })
    await forgetEndings(dirname(files.ending))
    await setAside(files.output)
    const output = await open(files.output, 'a', 0o600)
    try {
      const child = spawn(
        '/bin/sh',
        ['-c', single === true ? claimed : wrapper, 'sh', command, files.ending],
        {
          cwd: folder,
          env: environment,
          detached: true,
          stdio: ['ignore', output.fd, output.fd],
        },
      )
      await once(child, 'spawn')
      // It is watched by its identity, as one that an earlier daemon started is.
      child.unref()
      if (child.pid === undefined) throw new Error('the system gave no pid')
      return child.pid
    } catch (error) {
      throw new Failure('app-failed', `The command cannot be started in ${folder}: ${messageOf(error)}`, {
        cause: error,
      })
    } finally {
      await output.close()
    }
  }

  async ending({ ending }: RunFiles): Promise<Ending | null> {
    try {
      const [text, { mtimeMs }] = await Promise.all([readFile(ending, 'utf8'), stat(ending)])
      const code = Number.parseInt(text, 10)
      return Number.isNaN(code) ? null : { code, at: mtimeMs }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  }

  async begun({ ending }: RunFiles): Promise<boolean> {
    return stat(`${ending}.begun`).then(
      () => true,
      () => false,
    )
  }

  outputFrom({ output }: RunFiles, from: number, bytes: number): Promise<OutputPiece> {
    return readPiece(output, from, bytes)
  }

  trimOutput({ output }: RunFiles, longest: number): Promise<void> {
    return trimMiddle(output, longest)
  }

  async remove(_change: Change, { output }: RunFiles): Promise<void> {
    await rm(dirname(output), { recursive: true, force: true })
  }

  async keep(_change: Change, { output }: RunFiles, name: string, text: string): Promise<void> {
    await writeFile(join(dirname(output), name), text, { mode: 0o600 })
  }

  async kept({ output }: RunFiles, name: string): Promise<string | null> {
    try {
      return await readFile(join(dirname(output), name), 'utf8')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  }

  async lastOutput({ output }: RunFiles, bytes: number): Promise<string> {
    try {
      const file = await open(output, 'r')
      try {
        const { size } = await file.stat()
        const buffer = Buffer.alloc(Math.min(size, bytes))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length)
        const text = buffer.toString('utf8', 0, bytesRead)
        return size > bytes ? text.slice(text.indexOf('\n') + 1) : text
      } finally {
        await file.close()
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return ''
      throw error
    }
  }

  signalGroup(_change: Change, leader: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
    try {
      process.kill(-leader, signal)
      return true
    } catch (error) {
      if (systemCode(error) === 'ESRCH') return false
      throw error
    }
  }
}

/** How earlier runs ended is of no use once another one begins. */
async function forgetEndings(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/\.ending(?:\.new)?$/.test(name)) await rm(join(folder, name), { force: true })
}

async function setAside(output: string): Promise<void> {
  const size = await stat(output).then(
    (found) => found.size,
    () => 0,
  )
  if (size > longestOutput) await rename(output, `${output}.1`)
}
