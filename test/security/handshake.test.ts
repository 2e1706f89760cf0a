import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDoor, type TestDoor } from '../support/door.ts'
import { withPeers } from '../support/peers.ts'
import { Random } from '../support/random.ts'
import { exchange, upgradeHead, type Address } from '../support/raw.ts'
import { figure, scale } from '../support/scale.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

// The closest historical bug (CVE-2025-52882) was a local WebSocket without a token. Here every door is tried with
// every way a web page, a curious process or a broken proxy could knock.

let certificate: TestCertificate | undefined
let door: TestDoor

beforeAll(async () => {
  certificate = withPeers('openssl') ? makeCertificate() : undefined
  door = await openDoor(certificate === undefined ? {} : { tls: certificate })
})
afterAll(async () => {
  await door.dispose()
  certificate?.remove()
})

/** The first of each list is the right one. */
function ways(host: string, token: string) {
  const wrong = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`
  const authorization = (value: string) => [`Authorization: Bearer ${value}`]
  return {
    origin: [
      [],
      ['Origin: null'],
      ['Origin: '],
      ['Origin: http://localhost'],
      [`Origin: https://${host}`],
      ['Origin: vscode-webview://abc'],
      ['oRiGiN: https://evil.example'],
      ['Origin: https://evil.example', 'Origin: http://localhost'],
      ['Referer: https://evil.example/page'],
      ['Referer: '],
    ],
    host: [
      [`Host: ${host}`],
      [],
      ['Host: '],
      [`Host: ${host.toUpperCase()}`],
      [`Host: ${host}.`],
      [`Host: ${host}:80`],
      ['Host: evil.example'],
      ['Host: 127.0.0.1'],
      ['Host: [::1]'],
      [`Host: user@${host}`],
      [`Host: ${host}, evil.example`],
      [`Host: ${host}`, `Host: ${host}`],
      [`Host: ${host}`, 'Host: evil.example'],
      [`X-Forwarded-Host: ${host}`, 'Host: evil.example'],
    ],
    token: [
      authorization(token),
      [],
      ['Authorization: '],
      ['Authorization: Bearer'],
      authorization(wrong),
      authorization(token.slice(1)),
      authorization(`${token}A`),
      authorization(`${token},${token}`),
      authorization(`"${token}"`),
      [`Authorization: bearer ${token}`],
      [`Authorization: Token ${token}`],
      [`Authorization: Basic ${Buffer.from(`admin:${token}`).toString('base64')}`],
      [...authorization(token), ...authorization(token)],
      [...authorization(token), ...authorization(wrong)],
      [`Cookie: token=${token}`],
      [`Sec-WebSocket-Protocol: bearer, ${token}`],
      [`Proxy-Authorization: Bearer ${token}`],
    ],
    target: [
      '/rpc',
      '/',
      '/rpc/',
      '/rpc?',
      `/rpc?token=${token}`,
      `/rpc?access_token=${token}`,
      `/rpc#${token}`,
      '//rpc',
      '/RPC',
      '/%72pc',
      '/x/../rpc',
      `http://${host}/rpc`,
      '*',
    ],
    method: ['GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'PUT', 'QUERY'],
  }
}

type Ways = ReturnType<typeof ways>
type Choice = { readonly [K in keyof Ways]: number }

function head(all: Ways, choice: Choice): string {
  const lines = [all.origin[choice.origin], all.host[choice.host], all.token[choice.token]]
  return upgradeHead(all.method[choice.method] ?? '', all.target[choice.target] ?? '', [
    ...lines.flatMap((some) => some ?? []),
    'X-Quantum-Admin-Protocol: 1',
  ])
}

const right: Choice = { origin: 0, host: 0, token: 0, target: 0, method: 0 }

/** Each single deviation, and then random mixtures of them without repetition. */
function choices(all: Ways, count: number): Choice[] {
  const random = new Random(1)
  const found = new Map<string, Choice>()
  const add = (choice: Choice) => found.set(JSON.stringify(choice), choice)
  for (const key of Object.keys(all) as (keyof Ways)[])
    for (let i = 0; i < all[key].length; i++) add({ ...right, [key]: i })
  while (found.size < count) {
    add({
      origin: random.int(0, all.origin.length - 1),
      host: random.int(0, all.host.length - 1),
      token: random.int(0, all.token.length - 1),
      target: random.int(0, all.target.length - 1),
      method: random.next() < 0.8 ? 0 : random.int(1, all.method.length - 1),
    })
  }
  return [...found.values()]
}

const isRight = (choice: Choice): boolean => Object.values(choice).every((index) => index === 0)

async function knock(address: Address, host: string, count: number): Promise<number> {
  const all = ways(host, door.token)
  const list = choices(all, count)
  const wrong: string[] = []
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let choice = list.pop(); choice !== undefined; choice = list.pop()) {
        const answer = await exchange(address, head(all, choice))
        const accepted = answer.status === 101
        if (accepted !== isRight(choice)) wrong.push(`${answer.status} for ${JSON.stringify(choice)}`)
        if (!accepted && /access-control|<html|set-cookie|text\/html/i.test(answer.text))
          wrong.push(answer.text)
        if (answer.text.includes(door.token)) wrong.push('the token came back')
      }
    }),
  )
  expect(wrong).toEqual([])
  return count
}

test('S1: of all combinations of origin, host, token, path and method the local socket accepts one', async () => {
  const count = await knock({ path: door.socket }, 'localhost', scale(3000, 20_000))
  expect(door.entered).toEqual([])
  figure('S1', `${count} handshakes on the Unix socket, accepted exactly the one listed`)
})

test.runIf(withPeers('openssl'))('S1: and so does the door for teams', async () => {
  const count = await knock({ port: door.port }, `localhost:${door.port}`, scale(500, 5000))
  expect(door.entered).toEqual([])
  figure('S1', `${count} handshakes over TLS, accepted exactly the one listed`)
})

test('a plain request, half an upgrade or a body instead of one is refused and closed', async () => {
  const authorization = `Authorization: Bearer ${door.token}`
  const good = upgradeHead('GET', '/rpc', ['Host: localhost', authorization, 'X-Quantum-Admin-Protocol: 1'])
  const without = (line: RegExp) => good.replace(line, '')
  const attempts = [
    `GET /rpc HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n\r\n`,
    `POST /rpc HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\nContent-Length: 2\r\n\r\n{}`,
    `POST /rpc HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    good.replace('HTTP/1.1', 'HTTP/1.0'),
    good.replace('Upgrade: websocket', 'Upgrade: h2c'),
    good.replace('Upgrade: websocket', 'Upgrade: websocket, h2c'),
    good.replace('Version: 13', 'Version: 8'),
    without(/Sec-WebSocket-Key: .*\r\n/),
    without(/Connection: Upgrade\r\n/),
    good.replace('\r\n\r\n', `\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`),
    good.replace('\r\n', '\n').replaceAll('\r\n', '\n'),
    good.replace('Host: localhost', 'Host : localhost'),
    good.replace('\r\n\r\n', `\r\n${'X: y\r\n'.repeat(1300)}Origin: https://evil.example\r\n\r\n`),
    '\u0016\u0003\u0001\u0002\u0000',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]
  for (const attempt of attempts) {
    const answer = await exchange({ path: door.socket }, attempt)
    expect(answer.status, attempt.slice(0, 200)).not.toBe(101)
  }
  expect((await exchange({ path: door.socket }, good)).status).toBe(101)
  expect(door.entered).toEqual([])
})

test('a client of another protocol is told so, and only after it has shown the token', async () => {
  const ask = async (protocol: string, token: string) => {
    const lines = [
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      `X-Quantum-Admin-Protocol: ${protocol}`,
    ]
    return exchange({ path: door.socket }, upgradeHead('GET', '/rpc', lines))
  }
  const newer = await ask('2', door.token)
  expect(newer.status).toBe(426)
  expect(newer.text).toContain('daemon-incompatible')
  expect((await ask('2', 'A'.repeat(43))).status).toBe(401)
})
