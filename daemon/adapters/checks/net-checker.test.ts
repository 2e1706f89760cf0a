import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createTls } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { asNumber, forbiddenSpellings } from '#base/forbidden-address.fixture.ts'
import type { HttpQuestion } from './checker.ts'
import { SharedLookup } from './shared-lookup.ts'
import { NetChecker } from './net-checker.ts'

const checker = new NetChecker()
const servers: { server: Server; sockets: Set<Socket> }[] = []
afterAll(async () => {
  await checker.dispose()
  for (const { server, sockets } of servers) {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  servers.push({ server, sockets })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const serve = (answer: RequestListener): Promise<number> => listen(createHttp(answer))
const raw = (behave: (socket: Socket) => void): Promise<number> =>
  listen(
    createServer((socket) => {
      socket.once('data', () => behave(socket))
    }),
  )

const question = (url: string, said: Partial<HttpQuestion> = {}): HttpQuestion => ({
  url,
  method: 'GET',
  headers: {},
  body: null,
  timeoutMs: 1000,
  expect: [[200, 299]],
  redirects: 5,
  verifyCertificate: true,
  wantsBody: false,
  ...said,
})
const ask = (url: string, said: Partial<HttpQuestion> = {}) => checker.http(question(url, said))

/** Sends for as long as somebody takes it. */
function flood(socket: Socket, before: string, part: string): void {
  const piece = Buffer.from(part)
  socket.write(before)
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  more()
}

test('connections are used again, and one that was closed meanwhile says nothing', async () => {
  let connections = 0
  const server = createHttp((_, response) => response.end('ok'))
  server.on('connection', () => connections++)
  const port = await listen(server)
  for (let n = 0; n < 20; n++)
    expect(await ask(`http://localhost:${port}/`)).toMatchObject({ ok: true, status: 200 })
  expect(connections).toBe(1)
  server.closeAllConnections()
  expect(await ask(`http://localhost:${port}/`)).toMatchObject({ ok: true, status: 200 })
})

test.each<[string, (socket: Socket) => void, string]>([
  ['closes', (socket) => socket.destroy(), 'closed'],
  ['resets', (socket) => socket.resetAndDestroy(), 'closed'],
  ['never answers', () => undefined, 'silent'],
  ['speaks something else', (socket) => socket.end('SSH-2.0-x\r\n'), 'not-http'],
  [
    'never ends its headers',
    (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n', `X-A: ${'b'.repeat(1000)}\r\n`),
    'headers-too-long',
  ],
  [
    'never ends one header',
    (socket) => flood(socket, 'HTTP/1.1 200 OK\r\nX-A: ', 'b'.repeat(1000)),
    'headers-too-long',
  ],
  [
    'goes on to say that it goes on',
    (socket) => flood(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n'),
    'silent',
  ],
  ['ends in the middle', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), 'closed'],
])('a server that %s fails the check within its time', async (_, behave, fault) => {
  const port = await raw(behave)
  const started = performance.now()
  expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: false, fault })
  expect(performance.now() - started).toBeLessThan(2500)
})

test('of a body of 2 GB a megabyte is read, and one that drips is given up', async () => {
  let sent = 0
  const port = await raw((socket) => {
    flood(socket, `HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 31}\r\n\r\n`, 'a'.repeat(64 * 1024))
    socket.once('close', () => (sent = socket.bytesWritten))
  })
  const before = process.memoryUsage.rss()
  for (const wantsBody of [false, true]) {
    const answer = await ask(`http://127.0.0.1:${port}/`, { wantsBody })
    expect(answer).toMatchObject({ ok: true, status: 200, cut: true })
    expect(answer.ok && (answer.body?.length ?? null)).toBe(wantsBody ? 1024 * 1024 : null)
  }
  await expect.poll(() => sent).toBeGreaterThan(0)
  expect(sent).toBeLessThan(64 * 1024 * 1024)
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
  const dripping = await raw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    const timer = setInterval(() => socket.write('a'), 20)
    socket.once('close', () => clearInterval(timer))
  })
  expect(await ask(`http://127.0.0.1:${dripping}/`, { timeoutMs: 300 })).toMatchObject({ fault: 'silent' })
})

test('redirects are followed to an end: a circle, too many, and what is no web address are told', async () => {
  const port = await serve((request, response) => {
    const to = /^\/to\/(.*)$/.exec(request.url ?? '')?.[1]
    const next = /^\/n\/(\d+)$/.exec(request.url ?? '')?.[1]
    if (to !== undefined) response.writeHead(302, { location: decodeURIComponent(to) }).end()
    else if (next !== undefined) response.writeHead(307, { location: `/n/${Number(next) + 1}` }).end()
    else response.end(JSON.stringify(request.headers))
  })
  const base = `http://127.0.0.1:${port}`
  const to = (address: string) => `${base}/to/${encodeURIComponent(address)}`
  expect(await ask(to('/here'))).toMatchObject({ ok: true, status: 200, at: `${base}/here` })
  expect(await ask(to('/here'), { expect: [[200, 399]] })).toMatchObject({ ok: true, status: 302, at: null })
  expect(await ask(to('/here'), { redirects: 0 })).toMatchObject({ fault: 'too-many-redirects' })
  expect(await ask(`${base}/n/1`)).toMatchObject({ fault: 'too-many-redirects', detail: '5' })
  const circle = await serve((request, response) =>
    response.writeHead(301, { location: request.url === '/a' ? '/b' : '/a' }).end(),
  )
  expect(await ask(`http://127.0.0.1:${circle}/a`)).toMatchObject({ fault: 'redirect-loop' })
  for (const address of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'javascript:1', 'http://'])
    expect(await ask(to(address))).toMatchObject({ fault: 'redirect-nowhere' })
  // What is said to one server is not said to another.
  const headers = { authorization: 'Bearer x', 'x-key': 'y' }
  const same = await ask(to('/here'), { headers, wantsBody: true })
  const other = await ask(to(`http://localhost:${port}/here`), { headers, wantsBody: true })
  expect(same.ok && JSON.parse(same.body ?? '')).toMatchObject(headers)
  expect(other.ok && JSON.parse(other.body ?? '')).not.toHaveProperty('authorization')
  expect(other.ok && other.body).not.toContain('x-key')
})

test('S21: addresses of clouds and of the link are refused in every spelling, asked for or redirected to', async () => {
  const port = await serve((request, response) => {
    response.writeHead(302, { location: decodeURIComponent((request.url ?? '/').slice(1)) }).end()
  })
  const all = forbiddenSpellings()
  const passed: string[] = []
  for (const host of all) {
    const direct = await ask(`http://${host}:9/latest`, { timeoutMs: 3000 })
    const led = await ask(`http://127.0.0.1:${port}/${encodeURIComponent(`http://${host}:9/`)}`, {
      timeoutMs: 3000,
    })
    const tcp = await checker.tcp(host.replace(/^\[|\]$/g, ''), 9, 3000)
    for (const answer of [direct, led, tcp])
      if (answer.ok || answer.fault !== 'address-refused') passed.push(`${host}: ${JSON.stringify(answer)}`)
  }
  process.stdout.write(
    `figure S21: ${all.length} spellings, directly, by a redirect and over TCP: ${passed.length} passed\n`,
  )
  expect(all.length).toBeGreaterThan(300)
  expect(passed).toEqual([])
})

test('S21: what a look-up leads to is what counts, so the same holds for names', async () => {
  // Names that the system looks up by itself to the address that they spell, as it would those of a name server.
  const { lookup } = new SharedLookup()
  for (const name of [String(asNumber), '0251.0376.0251.0376', '0xa9.254.0xa9fe', '169.254.43518']) {
    const error = await new Promise((resolve) => lookup(name, { all: true }, (thrown) => resolve(thrown)))
    expect([name, error]).toMatchObject([name, { code: 'ADDRESS_REFUSED' }])
  }
})

test('loopback is fine in each of its spellings, and hosts that are nowhere are told as such', async () => {
  const port = await serve((_, response) => response.end('ok'))
  for (const host of [
    '127.0.0.1',
    'localhost',
    'shop.localhost',
    '2130706433',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
  ])
    expect([host, await ask(`http://${host}:${port}/`)]).toMatchObject([host, { ok: true, status: 200 }])
  expect(await ask('http://no-such-host.invalid/', { timeoutMs: 5000 })).toMatchObject({
    ok: false,
    fault: 'host-not-found',
  })
  expect(await checker.tcp('127.0.0.1', port, 500)).toMatchObject({ ok: true })
  expect(await checker.tcp('127.0.0.1', 1, 500)).toMatchObject({ fault: 'nothing-listens' })
  expect(await ask('http://127.0.0.1:1/')).toMatchObject({ fault: 'nothing-listens' })
})

test('a server without TLS is told from one whose TLS fails', async () => {
  const port = await serve((_, response) => response.end('ok'))
  expect(await ask(`https://localhost:${port}/`)).toMatchObject({ fault: 'tls-not-spoken' })
  const tls = await listen(createTls({}, () => undefined))
  expect(await ask(`https://localhost:${tls}/`)).toMatchObject({ fault: 'tls-failed' })
})

test('a command is judged by its end, and takes what it has begun with it', async () => {
  const run = (command: string, timeoutMs = 2000, input: string | null = null) =>
    checker.command({
      command,
      folder: '/',
      environment: { PATH: process.env['PATH'] ?? '' },
      input,
      timeoutMs,
    })
  expect(await run('true')).toMatchObject({ ok: true })
  expect(await run('echo one; echo the disk is full >&2; exit 3')).toMatchObject({
    fault: 'command-failed',
    detail: 'exit code 3: the disk is full',
  })
  expect(await run('kill -9 $$')).toMatchObject({ detail: 'SIGKILL' })
  expect(await run('yes | head -c 50000000; exit 1')).toMatchObject({ detail: 'exit code 1: y' })
  // Whether it reads what there is, none of it, or waits for what there is not.
  expect(await run('read line; echo "$line"; exit 1', 2000, 'hello\n')).toMatchObject({
    detail: 'exit code 1: hello',
  })
  expect(await run('true', 2000, 'x'.repeat(1_000_000))).toMatchObject({ ok: true })
  expect(await run('cat')).toMatchObject({ ok: true })
  const started = performance.now()
  expect(await run('sleep 60 & sleep 60', 300)).toMatchObject({ fault: 'silent' })
  expect(await run('sleep 60 & exit 0')).toMatchObject({ ok: true })
  expect(performance.now() - started).toBeLessThan(3000)
  const missing = { command: 'true', folder: '/no/such/folder', environment: {}, input: null, timeoutMs: 500 }
  expect(await checker.command(missing)).toMatchObject({ fault: 'command-not-started' })
})
