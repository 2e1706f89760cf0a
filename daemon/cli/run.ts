import { systemCode } from '#base/failure.ts'
import { program, withNoun } from './program.ts'
import { interrupted, report } from './report.ts'
import { Session, type Globals } from './session.ts'

/** For the daemon to answer that a call is cancelled. */
const patienceMs = 1000

/** Runs one command line. @returns the exit code. */
async function run(argv: readonly string[]): Promise<number> {
  const root = program()
  const session = new Session(() => root.opts<Globals>())
  process.on('SIGINT', () => {
    // A daemon that does not answer a cancellation must not keep anybody at the prompt.
    if (session.signal.aborted) process.exit(interrupted)
    setTimeout(() => process.exit(interrupted), patienceMs).unref()
    session.interrupt()
  })
  try {
    await root.parseAsync(withNoun(root, argv, session), { from: 'user' })
    return 0
  } catch (error) {
    return report(error, session, argv)
  } finally {
    await session.disconnect()
  }
}

/** Whoever read our output has gone, as `head` does; there is nobody left to tell anything. */
function onOutputError(error: Error): void {
  if (systemCode(error) === 'EPIPE') process.exit(0)
  throw error
}

const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))

/** Runs this process's command line to its end and ends the process with the exit code. */
export async function main(): Promise<never> {
  process.stdout.on('error', onOutputError)
  process.stderr.on('error', onOutputError)
  const code = await run(process.argv.slice(2))
  await Promise.all([written(process.stdout), written(process.stderr)])
  process.exit(code)
}
