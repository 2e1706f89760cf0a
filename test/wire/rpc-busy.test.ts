import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { systemCode } from '#base/failure.ts'
import { openSocket } from '#client/transport.ts'

/** Serves the socket with a queue for two, and accepts nobody for a while. */
const busyServer = `
const server = require('node:http').createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
  require('node:fs').writeSync(1, 'up')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
})
server.on('upgrade', (request, socket) => socket.end('HTTP/1.1 404 Not Found\\r\\n\\r\\n'))
`

test('a socket whose queue is full for a moment is tried again', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-'))
  const socket = path.join(folder, 'busy.sock')
  const child = spawn(process.execPath, ['-e', busyServer, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const others: Socket[] = []
  try {
    await once(child.stdout, 'data')
    const refused = () =>
      new Promise<string>((resolve) => {
        const one = connect(socket, () => resolve('connected'))
        one.on('error', (error) => resolve(systemCode(error) ?? ''))
        others.push(one)
      })
    const answers: string[] = []
    while (!answers.includes('EAGAIN') && answers.length < 10) answers.push(await refused())
    expect(answers).toContain('EAGAIN')
    const opening = openSocket({ socket, token: 'x', client: 'test/0' }, new AbortController().signal)
    await expect(opening).rejects.toThrow('answered 404')
  } finally {
    for (const one of others) one.destroy()
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})
