import { parseArgs } from 'node:util'
import { errorKinds } from '#contract/errors.ts'
import { asFailure, Failure, messageOf } from '#base/failure.ts'
import { startDaemon, type ListenOptions } from './run.ts'

type Fail = (code: string, message: string, hint: string, exit: number) => void

/** Runs the daemon in this process until it is told to stop, and says on the IPC channel how the start went. */
export async function runDaemonProcess(args: readonly string[], fail: Fail): Promise<void> {
  try {
    const daemon = await startDaemon(listenOptions(args))
    if (daemon !== null) {
      // Before anybody hears that it is ready: a signal must find it able to end in order.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => daemon.stop())
      // It lives on when the terminal it was started from closes.
      process.on('SIGHUP', () => {})
    }
    process.send?.({ state: daemon === null ? 'already-running' : 'ready' })
    if (process.connected) process.disconnect()
    if (daemon === null) {
      process.stderr.write('quantum-admin: a daemon already runs for this state folder\n')
      return
    }
    await daemon.stopped
    process.exit(0)
  } catch (error) {
    const { code, message, hint } = asFailure(error)
    fail(code, message, hint, errorKinds[code].exit)
    process.exit()
  }
}

/** @throws Failure `wrong-use` unless address, certificate and key come together. */
function listenOptions(args: readonly string[]): ListenOptions | null {
  const { listen, 'tls-cert': certFile, 'tls-key': keyFile, public: isPublic } = parse(args)
  if (listen === undefined) {
    if (certFile !== undefined || keyFile !== undefined || isPublic)
      throw new Failure('wrong-use', 'TLS options need --listen HOST:PORT')
    return null
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new Failure(
      'wrong-use',
      '--listen needs --tls-cert FILE and --tls-key FILE: the network is never served in the clear',
    )
  }
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(listen)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || !(port <= 65_535)) {
    throw new Failure('wrong-use', `--listen ${listen}: expected HOST:PORT, with an IPv6 address in brackets`)
  }
  return { host, port, certFile, keyFile, public: isPublic }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        listen: { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        public: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new Failure('wrong-use', messageOf(error), { cause: error })
  }
}
