import { CommanderError } from 'commander'
import { errorKinds, type ErrorCode } from '#contract/errors.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { printable, printableJson } from '#base/printable.ts'
import { documentOf } from './documents.ts'
import { QueryFailure } from './query-failure.ts'
import type { Session } from './session.ts'
import { nouns } from './program.ts'

/** What a shell reports for a program that SIGINT ended. */
export const interrupted = 130

/** Tells a person or a program what went wrong. @returns the exit code that goes with it. */
export function report(error: unknown, session: Session, argv: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const failure = asFailure(error, argv)
  // Whoever pressed Ctrl-C knows why it ended.
  if (session.signal.aborted) return interrupted
  // Flags may be what is wrong, so JSON is recognised without a parsed command line.
  if (argv.includes('--json')) {
    const body = {
      code: failure.code,
      message: failure.message,
      hint: failure.hint,
      docs: documentOf(failure.code),
    }
    process.stderr.write(`${printableJson({ error: body })}\n`)
  } else {
    process.stderr.write(`${lines(failure).join('\n')}\n`)
  }
  return errorKinds[failure.code].exit
}

function lines(failure: Failure): string[] {
  return [
    `quantum-admin: ${printable(failure.message, 2000)}`,
    ...(failure instanceof QueryFailure ? failure.shown : []),
    `code: ${failure.code}`,
    `help: ${printable(failure.hint, 2000)}`,
    `docs: quantum-admin docs ${failure.code}`,
  ]
}

function asFailure(error: unknown, argv: readonly string[]): Failure {
  if (error instanceof Failure) return error
  if (error instanceof CommanderError) return wrongUse(error, argv)
  if (error instanceof Error && error.name === 'AbortError') return new Failure('cancelled', 'Interrupted')
  return new Failure('internal' satisfies ErrorCode, messageOf(error), {
    cause: error,
    hint: 'This is a defect of the command line itself; `quantum-admin doctor` shows what surrounds it.',
  })
}

function wrongUse(error: CommanderError, argv: readonly string[]): Failure {
  const noun = argv.find((word) => nouns.some(({ name }) => name === word))
  const help = `quantum-admin ${noun === undefined ? '' : `${noun} `}--help`
  if (error.code === 'commander.help') {
    return new Failure('wrong-use', `${noun ?? 'This'} needs to be told what to do`, {
      hint: `\`${help}\` lists what there is.`,
    })
  }
  const message = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return new Failure('wrong-use', sentence(message), { hint: `\`${help}\` lists what there is.` })
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
