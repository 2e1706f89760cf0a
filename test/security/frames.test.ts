import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RawData, WebSocket } from 'ws'
import { contract } from '#contract/index.ts'
import { openDoor, until, type TestDoor } from '../support/door.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

let door: TestDoor
beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.dispose())

const names = Object.keys(contract)
const commands = new Set(names.filter((name) => contract[name as keyof typeof contract].kind === 'command'))

/** Shapes of the well-known corpora of JSON parsing tests, as whole frames. */
function corpus(): string[] {
  const request = (params: string, id = '1') =>
    `{"jsonrpc":"2.0","id":${id},"method":"leases.allocate","params":${params}}`
  const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)
  return [
    '',
    ' ',
    '\0',
    '\ufeff{}',
    'null',
    'true',
    '0',
    '-0',
    '1e400',
    '""',
    '[]',
    '{}',
    '[null]',
    '[[[]]]',
    'NaN',
    'undefined',
    "{'jsonrpc':'2.0'}",
    '{"jsonrpc":"2.0",}',
    '{"jsonrpc":"2.0"} trailing',
    '{"a":1}{"b":2}',
    '// comment\n{}',
    deep('[', ']', 100_000),
    deep('{"a":', '}', 1).replace('}', '1}'),
    '['.repeat(500_000),
    '{"a":'.repeat(100_000),
    request(deep('[', ']', 100_000)),
    request(`{"name":${deep('[', ']', 50_000)}}`),
    request(`{"name":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`),
    request('{"name":"a","name":{"toString":1}}'),
    request('{"name":"a","__proto__":{"port":8080}}'),
    request('{"name":"a","constructor":{"prototype":{"polluted":1}}}'),
    request('{"__proto__":{"name":"a"}}'),
    request('{"name":"a","port":1e400}'),
    request('{"name":"a","port":8080.5}'),
    request('{"name":"a","port":-0}'),
    request('{"name":"a","port":99999999999999999999999999999999}'),
    request('{"name":"a","port":"8080"}'),
    request('{"name":"\\ud800"}'),
    request('{"name":"a\\u0000b"}'),
    request(`{"name":"${'a'.repeat(200_000)}"}`),
    request('{"name":"\\u202eexe.sh"}'),
    request('{"name":"-rf"}'),
    request('{"name":";$(touch x)"}'),
    request('{"name":["a"]}'),
    request('[]'),
    request('null'),
    request('"a"'),
    request('1'),
    request('{"name":"a"}', 'null'),
    request('{"name":"a"}', '[1]'),
    request('{"name":"a"}', '{}'),
    request('{"name":"a"}', 'true'),
    request('{"name":"a"}', '1e400'),
    request('{"name":"a"}', `"${'i'.repeat(101)}"`),
    `[${request('{"name":"a"}')}]`,
    `[${request('{"name":"a"}')},${request('{"name":"b"}', '2')}]`,
    '{"jsonrpc":"2.0","method":"leases.allocate","params":{"name":"a"}}',
    '{"jsonrpc":"2.0","method":"daemon.stop"}',
    '{"jsonrpc":"2.0","id":1,"method":"daemon.stop","parms":{"unlisted":1}}',
    '{"jsonrpc":"2.0","id":1,"method":"daemon.stop","__proto__":{}}',
    '{"jsonrpc":"2.0","method":"daemon.stop","params":{},"id":null}',
    '{"jsonrpc":"2.0","method":"$/cancel","params":{"id":{}}}',
    '{"jsonrpc":"2.0","method":"$/cancel"}',
    '{"jsonrpc":"2.0","method":"$/changed","params":{"topic":"ports","revision":"x"}}',
    '{"jsonrpc":"1.0","id":1,"method":"daemon.stop"}',
    '{"id":1,"method":"daemon.stop"}',
    '{"jsonrpc":2.0,"id":1,"method":"daemon.stop"}',
    '{"jsonrpc":"2.0","id":1,"method":["daemon.stop"]}',
    '{"jsonrpc":"2.0","id":1,"method":"constructor"}',
    '{"jsonrpc":"2.0","id":1,"method":"__proto__"}',
    '{"jsonrpc":"2.0","id":1,"method":"daemon.stop\\u0000"}',
    '{"jsonrpc":"2.0","id":1,"method":"Daemon.Stop"}',
    '{"jsonrpc":"2.0","id":1,"method":"daemon.stop "}',
    '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}',
    '{"jsonrpc":"2.0","id":1,"result":null}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":0,"message":"x"}}',
  ]
}

const values: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 31),
  '',
  ' ',
  'a',
  '\0',
  '\ud800',
  '\u202e',
  '__proto__',
  '../../etc/passwd',
  '-rf',
  ';$(id)',
  [],
  {},
  [[]],
  { a: 1 },
  { toString: 1 },
  'x'.repeat(5000),
  '9'.repeat(400),
  '2026-01-01T00:00:00.000Z',
  'jsonl',
  ['ports'],
]

/** A frame that looks more or less like one of ours, and is never a valid command. */
function generated(random: Random, id: number): string {
  const method = random.pick([...names, 'nothing.here', '$/cancel', '$/progress', ''])
  const members = Object.fromEntries(
    Array.from({ length: random.int(0, 4) }, () => [
      random.pick([
        'name',
        'port',
        'kind',
        'pid',
        'id',
        'force',
        'limit',
        'topics',
        'role',
        'format',
        '__proto__',
        'x',
      ]),
      random.pick(values),
    ]),
  )
  // A command always carries something it does not take, so that running it is a mistake.
  const params = commands.has(method) ? { ...members, unlisted: random.pick(values) } : members
  const frame: Record<string, unknown> = { jsonrpc: '2.0', id, method, params }
  if (random.next() < 0.2) delete frame['id']
  if (random.next() < 0.1) frame[random.pick(['jsonrpc', 'id', 'method', 'params'])] = random.pick(values)
  // Overwriting params may have removed what makes a command wrong.
  if (commands.has(method) && frame['params'] !== params && frame['id'] !== undefined) frame['params'] = [1]
  const text = JSON.stringify(random.next() < 0.05 ? [frame, frame] : frame)
  if (random.next() < 0.7) return text
  return mutated(random, text)
}

function mutated(random: Random, text: string): string {
  const at = random.int(0, text.length - 1)
  const cut = random.int(1, 8)
  switch (random.int(0, 3)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + text.slice(at + cut)
    case 2:
      return `${text.slice(0, at)}${random.pick(['"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\u2028', '1e', '-'])}${text.slice(at)}`
    default:
      return text.slice(0, at) + text.slice(at, at + cut).repeat(random.int(2, 50)) + text.slice(at + cut)
  }
}

/** Sends a frame and then asks something harmless: the door must still answer. */
function answers(socket: WebSocket): {
  readonly all: string[]
  readonly settled: (marker: string) => boolean
} {
  const all: string[] = []
  const seen = new Set<string>()
  socket.on('message', (data: RawData) => {
    const frame = (data as Buffer).toString('utf8')
    all.push(frame)
    const marker = /"id":"(marker-\w+)"/.exec(frame)?.[1]
    if (marker !== undefined) seen.add(marker)
  })
  return { all, settled: (marker) => seen.has(marker) }
}

async function feed(frames: Iterable<string | Buffer>): Promise<string[]> {
  const socket = await door.webSocket()
  const { all, settled } = answers(socket)
  socket.resume()
  let sent = 0
  for (const frame of frames) {
    socket.send(frame, { binary: false })
    if (++sent % 100 === 0) await settle(socket, settled, `marker-${sent}`)
  }
  await settle(socket, settled, 'marker-end')
  socket.terminate()
  return all
}

async function settle(
  socket: WebSocket,
  settled: (marker: string) => boolean,
  marker: string,
): Promise<void> {
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: marker, method: 'nothing.at.all' }))
  await until(`an answer to ${marker}`, () => settled(marker) || socket.readyState !== socket.OPEN)
  expect(socket.readyState).toBe(socket.OPEN)
}

test('a command that is as it should be does reach its handler', async () => {
  await feed(['{"jsonrpc":"2.0","id":1,"method":"leases.release","params":{"name":"control"}}'])
  expect(enteredCommands()).toEqual(['leases.release'])
  door.entered.length = 0
  door.trail.intents.length = 0
})

const enteredCommands = (): string[] => door.entered.filter((name) => commands.has(name))

test('S8: the shapes of the JSON parsing corpora run no command and end no connection', async () => {
  const said = await feed(corpus())
  expect(enteredCommands()).toEqual([])
  expect(door.trail.intents).toEqual([])
  for (const frame of said)
    expect(JSON.parse(frame)).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } })
  expect(Object.getPrototypeOf({})).not.toHaveProperty('polluted')
  figure('S8', `${corpus().length} corpus frames, 0 commands, 0 connections lost`)
})

test('S8: generated frames run no command, leak no internals and crash nothing', async () => {
  const random = new Random(8)
  const count = scale(3000, 100_000)
  function* frames(): Generator<string> {
    for (let i = 0; i < count; i++) yield generated(random, i)
  }
  const before = door.logged.length
  const said = await feed(frames())
  expect(enteredCommands()).toEqual([])
  expect(door.trail.intents).toEqual([])
  expect(door.logged.slice(before)).toEqual([])
  const leaks = said.filter((frame) => /node_modules|\.ts:|at async|ZodError|at Object/.test(frame))
  expect(leaks).toEqual([])
  figure('S8', `${count} generated frames, 0 commands, 0 crashes`)
})

test('bytes that are not UTF-8, a binary frame and a frame over 1 MiB each end their own connection only', async () => {
  const client = door.client()
  await client.call('daemon.status', {})
  const endings: number[] = []
  for (const [data, options] of [
    [Buffer.from([0xff, 0xfe, 0x80]), { binary: false }],
    [Buffer.from('{}'), { binary: true }],
    [Buffer.alloc(1024 * 1024 + 1, 0x20), { binary: false }],
  ] as const) {
    const socket = await door.webSocket()
    socket.resume()
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.send(data, options)
    endings.push(await closed)
  }
  expect(endings).toEqual([1007, 1003, 1009])
  await client.call('daemon.status', {})
  await client.dispose()
})

test('a frame is answered under its own id where it has one, and refused in words where it has none', async () => {
  const said = await feed([
    '{"jsonrpc":"2.0","id":7,"method":"constructor"}',
    '{"jsonrpc":"2.0","id":"eight","method":"daemon.status","params":[1]}',
    '{"jsonrpc":"2.0","id":null,"method":"daemon.status"}',
    '[1,2]',
    'not json',
  ])
  const found = said.map((frame) => {
    const { id, error } = JSON.parse(frame) as {
      id: unknown
      error: { code: number; data: { code: string } }
    }
    return [id, error.code, error.data.code]
  })
  expect(found.slice(0, 5)).toEqual([
    [7, -32601, 'unknown-method'],
    ['eight', -32600, 'invalid-request'],
    [null, -32600, 'invalid-request'],
    [null, -32600, 'invalid-request'],
    [null, -32700, 'invalid-request'],
  ])
})
