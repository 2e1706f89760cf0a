import { parseArgs } from 'node:util'
import { isMainThread } from 'node:worker_threads'

/** The first Node.js on which everything below runs: older ones lack what the drivers need, or crash on them. */
const oldestNode = [22, 18] as const

const usage = `usage: daemon run [--listen HOST:PORT --tls-cert FILE --tls-key FILE [--public]]
       daemon verify [--home FOLDER | --file EXPORT] [--pin SEQUENCE:HASH] [--public-key FILE]`

/** Ends with a message for a person on stderr and, when a launcher waits, for it on the IPC channel. */
function fail(code: string, message: string, hint: string, exit: number): void {
  process.send?.({ state: 'failed', code, message, hint })
  process.stderr.write(`quantum-admin: ${message}\ncode: ${code}\n${hint}\n`)
  process.exitCode = exit
  if (process.connected) process.disconnect()
}

async function main(): Promise<void> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    const hint = 'Install a newer Node.js, or set quantumAdmin.daemon.node to one.'
    return fail(
      'node-too-old',
      `Node.js ${oldestNode.join('.')} or newer is needed, this is ${process.versions.node}`,
      hint,
      1,
    )
  }
  const [command, ...rest] = process.argv.slice(2)
  // Loaded only now: what it imports does not even load on an older Node.js.
  if (command === 'run') return (await import('./daemon-process.ts')).runDaemonProcess(rest, fail)
  if (command === 'probe' && process.send !== undefined)
    return (await import('./probe-main.ts')).runProbeProcess()
  if (command === 'verify') {
    process.exitCode = await verify(rest)
    return
  }
  // Threads of a daemon.
  if (command === 'results' && !isMainThread) return (await import('./results-main.ts')).answerResults()
  if (command === 'logs' && !isMainThread) return (await import('./logs-main.ts')).runLogThread()
  if (command === 'log-work' && !isMainThread) return (await import('./log-work-main.ts')).runWorkThread()
  fail('wrong-use', usage, 'Run `quantum-admin daemon --help`.', 2)
}

/** 0 when the trail is as it was written, 6 when it is not. */
async function verify(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  let options
  try {
    options = parseArgs({ args, options: { home: text, file: text, pin: text, 'public-key': text } }).values
  } catch (error) {
    fail('wrong-use', error instanceof Error ? error.message : String(error), usage, 2)
    return 2
  }
  return (await import('./verify-main.ts')).runVerify(options)
}

void main()
