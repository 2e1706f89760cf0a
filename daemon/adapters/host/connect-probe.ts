import { connect } from 'node:net'

/** A listener of this machine accepts at once; one that is swamped gets so long. */
const patienceMs = 1000

/** Whether somebody accepts connections to a port of this machine, on either family. */
export async function answers(port: number): Promise<boolean> {
  const [v4, v6] = await Promise.all([accepts('127.0.0.1', port), accepts('::1', port)])
  return v4 || v6
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (accepted: boolean): void => {
      socket.destroy()
      resolve(accepted)
    }
    socket.setTimeout(patienceMs, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
