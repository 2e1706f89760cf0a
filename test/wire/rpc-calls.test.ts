import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { Failure } from '#base/failure.ts'
import type { CallContext } from '../../daemon/kernel/execute.ts'
import { openDoor, until, type DoorOptions, type TestDoor } from '../support/door.ts'

const open: { dispose(): void | Promise<void> }[] = []
afterEach(async () => {
  for (const owned of open.splice(0).reverse()) await owned.dispose()
})

async function setup(handlers: DoorOptions['handlers'] = {}): Promise<{ door: TestDoor; client: Client }> {
  const door = await openDoor({ handlers })
  const client = door.client()
  open.push(door, client)
  return { door, client }
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('an answer, a failure and a bug each arrive as what they are, and a bug shows only its incident id', async () => {
  const { door, client } = await setup({
    'audit.show': (params: { sequence: number }) => {
      if (params.sequence === 1) return { id: 'one' }
      if (params.sequence === 2)
        throw new Failure('not-found', 'There is no entry 2', { hint: 'Look again.' })
      throw new TypeError('secret internals of /etc/shadow')
    },
  })
  await expect(client.call('audit.show', { sequence: 1 })).resolves.toEqual({ id: 'one' })
  await expect(client.call('audit.show', { sequence: 2 })).rejects.toMatchObject({
    code: 'not-found',
    message: 'There is no entry 2',
    hint: 'Look again.',
  })
  const bug = await client.call('audit.show', { sequence: 3 }).then(
    () => undefined,
    (error: unknown) => error as Failure,
  )
  expect(bug?.code).toBe('internal')
  expect(bug?.message).not.toContain('shadow')
  const incident = /incident (\S+)\)/.exec(bug?.message ?? '')?.[1] ?? 'none'
  expect(incident).toMatch(/^[\w-]{22,}$/)
  expect(door.logged.join('\n')).toContain('shadow')
})

test('an answer that JSON cannot hold or one message cannot carry is an error of its own call, not the end', async () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const { client } = await setup({
    'ports.list': () => circular,
    'containers.usage': () => 10n,
    'processes.list': () => 'x'.repeat(30 * 1024 * 1024),
    'daemon.status': () => undefined,
  })
  await expect(client.call('ports.list', {})).rejects.toMatchObject({ code: 'internal' })
  await expect(client.call('containers.usage', {})).rejects.toMatchObject({ code: 'internal' })
  await expect(client.call('processes.list', {})).rejects.toMatchObject({ code: 'overloaded' })
  await expect(client.call('daemon.status', {})).resolves.toBeNull()
})

test('a newer client that asks for what this daemon does not know is told so', async () => {
  const { client } = await setup()
  const name = 'deploys.start' as 'daemon.status'
  await expect(client.call(name, {})).rejects.toMatchObject({ code: 'unknown-method' })
})

test('cancelling a call aborts its signal in the daemon, and the call ends as cancelled', async () => {
  let aborted = false
  const { door, client } = await setup({
    'containers.usage': async (_params: unknown, { signal }: CallContext) => {
      signal.addEventListener('abort', () => (aborted = true))
      return untilAborted(signal)
    },
  })
  const controller = new AbortController()
  const call = client.call('containers.usage', {}, { signal: controller.signal })
  call.catch(() => {})
  await until('the handler to be entered', () => door.entered.length === 1)
  controller.abort()
  await expect(call).rejects.toMatchObject({ code: 'cancelled' })
  expect(aborted).toBe(true)
  await expect(client.call('containers.usage', {}, { signal: controller.signal })).rejects.toMatchObject({
    code: 'cancelled',
  })
  expect(door.entered).toHaveLength(1)
})

test('a connection that ends aborts what it had under way', async () => {
  let aborted = 0
  const { door, client } = await setup({
    'containers.usage': async (_params: unknown, { signal }: CallContext) => {
      signal.addEventListener('abort', () => aborted++)
      return untilAborted(signal)
    },
  })
  const calls = [1, 2, 3].map(() => client.call('containers.usage', {}))
  for (const call of calls) call.catch(() => {})
  await until('three handlers to be entered', () => door.entered.length === 3)
  await client.dispose()
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'daemon-unreachable' })
  await until('three signals to be aborted', () => aborted === 3)
  await until('the connection to be forgotten', () => door.count() === 0)
})

test('progress reaches the call it belongs to, in order', async () => {
  const { client } = await setup({
    'daemon.doctor': async (_params: unknown, context: CallContext) => {
      for (const percent of [10, 50, 100]) {
        context.progress(`step ${percent}`, percent)
        await sleep(1)
      }
      context.progress('last')
      return []
    },
  })
  const mine: unknown[] = []
  const others: unknown[] = []
  await Promise.all([
    client.call('daemon.doctor', {}, { onProgress: (progress) => mine.push(progress) }),
    client.call('daemon.status', {}, { onProgress: (progress) => others.push(progress) }),
  ])
  expect(mine).toEqual([
    { message: 'step 10', percent: 10 },
    { message: 'step 50', percent: 50 },
    { message: 'step 100', percent: 100 },
    { message: 'last', percent: null },
  ])
  expect(others).toEqual([])
})

test('pieces arrive whole and in order, and a reader that pauses makes the stream wait instead of being cut', async () => {
  const pieces = 400
  let emitted = 0
  const stream = async (_params: unknown, context: CallContext) => {
    for (let i = 0; i < pieces; i++) {
      await context.emit({ i, lines: 'x'.repeat(50_000) })
      emitted++
    }
    return null
  }
  const door = await openDoor({ handlers: { 'containers.logs': stream } })
  open.push(door)
  const socket = await door.webSocket()
  const seen: number[] = []
  let done = false
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8')) as { id?: number; params?: { piece: { i: number } } }
    if (message.params !== undefined) seen.push(message.params.piece.i)
    else if (message.id === 1) done = true
  })
  const params = { id: 'abcdef012345' }
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'containers.logs', params }))
  await until('the stream to begin', () => emitted > 0)
  await sleep(300)
  // What fits into the kernel's buffer and ours, of 20 MB.
  expect(emitted * 50_000).toBeLessThan(2 * 1024 * 1024)
  expect(door.count()).toBe(1)
  socket.resume()
  await until('the stream to end', () => done)
  expect(seen).toEqual(Array.from({ length: pieces }, (_, i) => i))
  socket.terminate()
})

test('a client that cannot take pieces as fast as they come lets them wait in the daemon, and is not cut', async () => {
  const pieces = 200
  let emitted = 0
  const stream = async (_params: unknown, context: CallContext) => {
    for (; emitted < pieces; emitted++) await context.emit({ i: emitted, lines: 'x'.repeat(50_000) })
    return null
  }
  const { client } = await setup({ 'containers.logs': stream })
  const seen: number[] = []
  const room = Promise.withResolvers<void>()
  const onPiece = (piece: unknown) => {
    seen.push((piece as { readonly i: number }).i)
    return seen.length < pieces ? room.promise : undefined
  }
  const ended = client.call('containers.logs', { id: 'abcdef012345' }, { onPiece })
  // Longer than a peer may read nothing: now and then it takes what has come.
  await sleep(11_000)
  expect(emitted * 50_000).toBeLessThan(6 * 1024 * 1024)
  expect(client.state.state).toBe('connected')
  room.resolve()
  await ended
  expect(seen).toEqual(Array.from({ length: pieces }, (_, i) => i))
})

test('an answer of many megabytes arrives whole beside others, and nobody is cut for asking twice', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `ação ${i} 🚀`.repeat(8) }))
  const { door, client } = await setup({ 'processes.list': () => ({ rows }) })
  const answers = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(() => client.call('processes.list', {}) as Promise<unknown>),
  )
  for (const answer of answers) expect(answer).toEqual({ rows })
  expect(door.count()).toBe(1)
})

test('streams that never end do not keep other questions from being answered', async () => {
  const { client } = await setup({
    'containers.logs': (_params: unknown, { signal }: CallContext) => untilAborted(signal),
    'daemon.status': () => 'still here',
  })
  const controller = new AbortController()
  const streams = Array.from({ length: 40 }, () =>
    client.call('containers.logs', { id: 'abcdef012345', follow: true }, { signal: controller.signal }),
  )
  for (const stream of streams) stream.catch(() => {})
  await expect(client.call('daemon.status', {})).resolves.toBe('still here')
  controller.abort()
  for (const stream of streams) await expect(stream).rejects.toMatchObject({ code: 'cancelled' })
})

test('more calls at once than a connection may have are refused one by one, and the rest answered', async () => {
  const { client } = await setup({ 'daemon.status': () => sleep(20, 'ok') })
  const results = await Promise.allSettled(
    Array.from({ length: 400 }, () => client.call('daemon.status', {})),
  )
  const ok = results.filter((result) => result.status === 'fulfilled')
  const refused = results.filter((result) => result.status === 'rejected')
  expect(ok).toHaveLength(256)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'overloaded' })
})

test('a daemon that stops answers what is under way, then closes, and takes nothing new', async () => {
  const { door, client } = await setup({
    'daemon.stop': async () => {
      void door.rpc.dispose()
      await sleep(50)
      return null
    },
    'containers.usage': (_params: unknown, { signal }: CallContext) => untilAborted(signal),
  })
  const hanging = client.call('containers.usage', {})
  hanging.catch(() => {})
  await until('the handler to be entered', () => door.entered.length === 1)
  const stop = client.call('daemon.stop', {})
  await until('the stop to be under way', () => door.entered.length === 2)
  await expect(client.call('daemon.status', {})).rejects.toMatchObject({ code: 'cancelled' })
  await expect(stop).resolves.toBeNull()
  await expect(hanging).rejects.toMatchObject({ code: 'cancelled' })
  await until('the client to notice', () => client.state.state === 'closed')
  expect(door.entered).toEqual(['containers.usage', 'daemon.stop'])
})

test('withdrawn access ends at once: what the peer still sends is not run', async () => {
  const { door } = await setup()
  const socket = await door.webSocket()
  socket.send('{"jsonrpc":"2.0","id":1,"method":"daemon.status"}')
  await until('the first call', () => door.entered.length === 1)
  door.rpc.disconnect('ana')
  // The peer never reads, so it does not know of the closing handshake and goes on.
  for (let i = 2; i < 50; i++) {
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: i, method: 'leases.release', params: { name: 'a' } }))
  }
  await until('the connection to be cut', () => door.count() === 0)
  expect(door.entered).toEqual(['daemon.status'])
  socket.terminate()
})

test('a connection ends when the token it came with expires', async () => {
  const door = await openDoor({ caller: { until: Date.now() + 300 } })
  open.push(door)
  const client = door.client()
  await client.call('daemon.status', {})
  await until('the client to be closed', () => client.state.state === 'closed')
  expect(client.state).toMatchObject({ failure: { message: expect.stringContaining('The token expired') } })
})
