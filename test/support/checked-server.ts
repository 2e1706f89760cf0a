import { spawn } from 'node:child_process'
import { once } from 'node:events'

// A server in a process of its own, so that what it costs to answer is not counted with what it costs to ask.

const program = `
let asked = {}
const server = require('node:http').createServer((request, response) => {
  (asked[request.url] ??= []).push(performance.timeOrigin + performance.now())
  response.end('ok')
}).listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('message', () => { process.send(asked); asked = {} })
process.on('disconnect', () => process.exit())`

/** A server that answers every page with 200, and remembers when it was asked for which. */
export interface CheckedServer {
  readonly port: number
  /** When each page was asked for since this was called last, in milliseconds since the epoch with fractions. */
  asked(): Promise<Readonly<Record<string, readonly number[]>>>
  stop(): void
}

/** Starts one on a free port of 127.0.0.1. */
export async function startCheckedServer(): Promise<CheckedServer> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    asked: async () => {
      const answer = once(child, 'message') as Promise<[Record<string, number[]>]>
      child.send('when')
      return (await answer)[0]
    },
    stop: () => void child.kill(),
  }
}
