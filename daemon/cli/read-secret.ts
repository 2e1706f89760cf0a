import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { longestSecret } from '#contract/limits.ts'
import { Failure } from '#base/failure.ts'
import { isTerminal } from './terminal.ts'

/**
 * Reads a secret without showing it: at a terminal what is typed, else all of standard input but its last line end.
 * @throws Failure `wrong-use` when it is too long; whatever Ctrl-C aborts with.
 */
export async function readSecret(prompt: string, signal: AbortSignal): Promise<string> {
  if (isTerminal(process.stdin)) return typed(prompt, signal)
  let text = ''
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += String(part)
    if (text.length > longestSecret + 2)
      throw new Failure('wrong-use', `A secret may have ${longestSecret} characters at most`)
  }
  return text.replace(/\r?\n$/, '')
}

function typed(prompt: string, signal: AbortSignal): Promise<string> {
  // readline shows what is typed where it writes to: that is nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  // Asked for only now: until readline has the terminal, that itself shows what is typed.
  process.stderr.write(prompt)
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop)
  return new Promise<string>((resolve, reject) => {
    // In raw mode Ctrl-C is a character that readline takes: hand it on as the signal it stands for.
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    lines.once('close', () => {
      if (signal.aborted) reject(signal.reason as Error)
      else resolve('')
    })
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
  }).finally(() => {
    signal.removeEventListener('abort', stop)
    process.stderr.write('\n')
  })
}
