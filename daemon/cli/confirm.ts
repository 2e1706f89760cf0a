import { createInterface } from 'node:readline'
import type { Danger } from '#contract/method.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { isTerminal } from './terminal.ts'

/** What a person is shown before they decide. */
export interface Confirmation {
  /** A whole question, such as `Stop these 2 processes?`. */
  readonly question: string
  /** The target's name, to be typed where the danger asks for that. */
  readonly name: string
  /** Lines that say exactly what will be touched. */
  readonly touches: readonly string[]
}

/**
 * Asks before a dangerous command. `--yes` is the answer already given.
 * @throws Failure `confirmation-required` when there is nobody to ask or the answer is no.
 */
export async function confirm(
  danger: Danger,
  asked: Confirmation,
  options: { readonly yes: boolean; readonly signal: AbortSignal },
): Promise<void> {
  if (danger === 'none' || options.yes) return
  const question = printable(asked.question)
  if (!isTerminal(process.stdin) || !isTerminal(process.stderr)) {
    throw new Failure(
      'confirmation-required',
      `Nothing was done, because nobody was there to ask: ${question}`,
      {
        hint: 'Run it again with --yes, or in a terminal.',
      },
    )
  }
  process.stderr.write(`${asked.touches.join('\n')}\n`)
  const prompt =
    danger === 'typed' ? `${question} Type ${printable(asked.name)} to go on: ` : `${question} [y/N] `
  const answer = await read(prompt, options.signal)
  const agreed = danger === 'typed' ? answer === asked.name : /^y(es)?$/i.test(answer)
  if (!agreed) throw new Failure('confirmation-required', 'Nothing was done: the answer was not yes.')
}

/** Reads one line. @returns an empty answer at the end of input. @throws whatever Ctrl-C aborts with. */
function read(prompt: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop)
  return new Promise<string>((resolve, reject) => {
    // In raw mode Ctrl-C is a character that readline takes: hand it on as the signal it stands for.
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    lines.once('close', () => {
      if (signal.aborted) reject(signal.reason as Error)
      else resolve('')
    })
    lines.question(prompt, (answer) => {
      resolve(answer.trim())
      lines.close()
    })
  }).finally(() => signal.removeEventListener('abort', stop))
}
