import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { cliScript, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { known, startRedis } from '../support/databases.ts'
import { filesIn, formsOf, visible } from '../support/disclosure.ts'
import { withPeers } from '../support/peers.ts'
import { figure } from '../support/scale.ts'

/** What must not be found anywhere, by where it comes from. Each would need to be escaped somewhere. */
const canaries = {
  kept: 'kept-canary "7f3a" \\&% Straße',
  replaced: 'replaced-canary-9b21-with-some-length',
  literal: 'literal-canary-55d0-in-the-file',
  variable: 'variable-canary-c001-of-the-environment',
  wrong: 'wrong-canary-e4e4-where-none-belongs',
}

async function cli(daemon: TestDaemon, args: readonly string[], input = ''): Promise<Buffer> {
  const child = spawn(process.execPath, [cliScript, ...args], {
    env: { ...process.env, QUANTUM_ADMIN_HOME: daemon.home, NO_COLOR: '1' },
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => output.push(part))
  child.stdin.end(input)
  await once(child, 'close')
  return Buffer.concat(output)
}

/** A server that says back whatever it is told, in the places where servers say what they are. */
async function startEcho(): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (told: Buffer) => {
      const plain = told.toString('latin1').replaceAll(/[^\u0020-\u007e]/g, ' ')
      const basic = /Basic ([\w+/=]+)/.exec(plain)?.[1] ?? ''
      const password = Buffer.from(basic, 'base64').toString('utf8').split(':').slice(1).join(':')
      if (plain.startsWith('GET'))
        socket.end(`HTTP/1.1 200 OK\r\nServer: ${basic} ${encodeURIComponent(password)}\r\n\r\n${plain}`)
      else if (plain.includes('*')) socket.end(`-WRONGPASS ${plain}\r\n`)
      else socket.end(told)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

describe.runIf(withPeers('redis') && process.platform === 'linux')('S20', () => {
  test('what the daemon connects with is found nowhere, after all that can be done with it', async () => {
    const [redis, echo] = [await startRedis(), await startEcho()]
    const folder = mkdtempSync(path.join(tmpdir(), 'qa-apps-'))
    mkdirSync(path.join(folder, 'shop'))
    const sources = ['postgres', 'mysql'].flatMap((driver) =>
      [JSON.stringify(canaries.literal), '${DB_PASSWORD}', 'secret:kept'].map(
        (password, index) =>
          `  ${driver}${index}: { driver: ${driver}, host: 127.0.0.1, port: ${echo.port}, user: ana, password: ${password} }`,
      ),
    )
    const config = path.join(folder, 'shop', 'quantum.config.yaml')
    writeFileSync(config, ['datasources:', ...sources, 'admin: { run: { command: sleep 1 } }', ''].join('\n'))
    const daemon = await startDaemon({
      env: { DB_PASSWORD: canaries.variable },
    })
    const client = daemon.client()
    const answers: unknown[] = []
    const ask = async (call: Promise<unknown>) =>
      answers.push(await call.catch((error: Error) => [error.message, error.stack, Object.entries(error)]))
    // One is set, replaced, read as a password by each kind of test, refused by servers that say it back, and sealed anew.
    const outputs = [await cli(daemon, ['secrets', 'set', 'kept'], canaries.replaced)]
    outputs.push(await cli(daemon, ['secrets', 'set', 'kept', '--json'], canaries.kept))
    await ask(client.call('apps.add', { folder }))
    for (const scheme of ['http', 'redis', 'rediss', 'amqp', 'postgresql', 'mysql'])
      await ask(
        client.call('connectors.add', {
          name: scheme,
          url: `${scheme}://ana@127.0.0.1:${echo.port}`,
          password: 'secret:kept',
        }),
      )
    await ask(
      client.call('connectors.add', {
        name: 'real',
        url: `redis://127.0.0.1:${redis.port}`,
        password: 'secret:real',
      }),
    )
    await ask(client.call('secrets.set', { name: 'real', value: known.password }))
    // Where none belongs: in an address, as a reference, as a name, as an unknown member.
    for (const params of [
      { name: 'w1', url: `redis://:${canaries.wrong}@localhost` },
      { name: 'w2', url: 'redis://localhost', password: canaries.wrong },
      { name: 'w3', url: 'redis://localhost', secret: canaries.wrong },
    ])
      await ask(client.call('connectors.add', params))
    await ask(client.call('secrets.set', { name: `${canaries.wrong} as a name`, value: canaries.wrong }))
    const testing = (async () => {
      const { rows } = await client.call('connectors.list', {})
      await Promise.all(
        rows.map(({ name, app }) => ask(client.call('connectors.test', { name, app, timeoutMs: 1500 }))),
      )
      for (const { name, app } of rows) await ask(client.call('connectors.show', { name, app }))
    })()
    const seen = new Map<string, Buffer>()
    const over = new AbortController()
    void testing.finally(() => over.abort())
    while (!over.signal.aborted) {
      for (const part of visible(daemon.process.pid ?? 0)) seen.set(part.toString('base64'), part)
      await wait(5)
    }
    await testing
    await ask(client.call('secrets.rotate', {}))
    await ask(client.call('secrets.list', {}))
    await ask(client.call('connectors.list', {}))
    const pieces: string[] = []
    await client.call(
      'audit.export',
      { format: 'jsonl' },
      { onPiece: (piece) => pieces.push(JSON.stringify(piece)) },
    )
    for (const words of [
      'connectors list',
      'connectors test --all',
      'connectors show http',
      'secrets list',
      'audit list',
      'apps list',
      'apps show shop',
      'daemon logs',
      'doctor',
      'overview',
    ])
      outputs.push(await cli(daemon, words.split(' ')), await cli(daemon, [...words.split(' '), '--json']))
    const places = new Map<string, Buffer>([
      ...filesIn(daemon.home).map((file) => [file, readFileSync(file)] as const),
      ...outputs.map((output, index) => [`output ${index}`, output] as const),
      ['answers', Buffer.from(JSON.stringify(answers))],
      ['export', Buffer.from(pieces.join('\n'))],
    ])
    // The daemon was given the variable in its environment by us.
    const own = readFileSync(`/proc/${daemon.process.pid}/environ`)
    const processes = [...seen.values()].filter((part) => !part.equals(own))
    processes.forEach((part, index) => places.set(`process ${index}`, part))
    const found: string[] = []
    for (const [name, secret] of Object.entries({ ...canaries, real: known.password }))
      for (const form of formsOf(secret))
        for (const [place, content] of places) if (content.includes(form)) found.push(`${name} in ${place}`)
    expect(found).toEqual([])
    // The search does find what is there, and the tests did send what they were to send.
    expect(
      [...places.values()].some((content) => formsOf('secret:kept').some((form) => content.includes(form))),
    ).toBe(true)
    const connected = answers.filter(
      (one) => typeof one === 'object' && one !== null && 'status' in one && one.status === 'connected',
    )
    expect(connected.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(connected)).toContain('[redacted]')
    figure(
      'S20',
      `${Object.keys(canaries).length + 1} passwords in ${formsOf('').length} forms, ${places.size} places, ${processes.length} of them processes: 0 found`,
    )
    await client.dispose()
    await daemon.stop()
    await redis.stop()
    echo.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 120_000)
})
