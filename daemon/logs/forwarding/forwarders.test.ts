import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ForwardKind } from '#contract/log-words.ts'
import { post } from '../../adapters/http/post.ts'
import type { ForwardTarget } from '../log-engine.ts'
import { record, temporaryFolder } from '../logs.fixture.ts'
import { LogStore } from '../segments/log-store.ts'
import { RecordBatch, type NewRecord } from '../segments/record-batch.ts'
import { Forwarders } from './forwarders.ts'
import { startTarget, type Behaviour } from './target-server.fixture.ts'

const rhythm = { lingerMs: 5, firstMs: 5, longestMs: 40, rarelyMs: 60_000, timeoutMs: 300 }

async function setup(kind: ForwardKind = 'loki', more: Partial<ForwardTarget> = {}) {
  const temporary = temporaryFolder()
  const server = await startTarget(kind)
  const told: string[] = []
  const target: ForwardTarget = {
    kind,
    url: `${server.url}${kind === 'loki' ? '/loki/api/v1/push' : '/v1/logs'}`,
    headers: { 'x-scope-orgid': 'ana', authorization: 'Bearer opensesame' },
    secrets: ['opensesame'],
    labels: { env: 'dev' },
    level: null,
    problem: null,
    ...more,
  }
  /** The next start of the daemon, in the same folder. */
  const start = (targets: Readonly<Record<string, ForwardTarget | null>> = { shop: target }) => {
    const store = new LogStore(temporary.folder)
    const forwarders = new Forwarders(path.join(temporary.folder, '+forwarding'), {
      store,
      post,
      now: Date.now,
      random: Math.random,
      rhythm,
      told: (message) => told.push(message),
      changed: () => undefined,
    })
    forwarders.forward(targets)
    const append = (records: readonly NewRecord[], app = 'shop'): void => {
      store.append(app, 'output', RecordBatch.of(records), null)
      forwarders.wake()
    }
    const stop = async (): Promise<void> => {
      await forwarders.dispose()
      store.dispose()
    }
    stops.push(stop)
    return { store, forwarders, append, row: () => forwarders.rows(undefined)[0], stop: once(stop) }
  }
  const stops: (() => Promise<void>)[] = []
  onTestFinished(async () => {
    await Promise.all(started.map(({ stop }) => stop()))
    await server.close()
    temporary[Symbol.dispose]()
  })
  const started: ReturnType<typeof start>[] = []
  const remembered: typeof start = (...args) => {
    const one = start(...args)
    started.push(one)
    return one
  }
  const texts = () => server.taken.map(({ text }) => text)
  return { server, target, told, start: remembered, texts, folder: temporary.folder }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null
  return () => (done ??= act())
}

const numbered = (from: number, count: number, more: Partial<NewRecord> = {}): readonly NewRecord[] =>
  Array.from({ length: count }, (_, index) => record(`line ${from + index}`, more))
const textsOf = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `line ${from + index}`)

/** One after the other; then everything is taken. */
const inTurn =
  (...behaviours: readonly Behaviour[]) =>
  (request: number): Behaviour =>
    behaviours[request] ?? { do: 'take' }

describe('what is sent', () => {
  test('Loki is given streams by their labels, in order, with times that tell equal lines apart', async () => {
    const { server, start } = await setup()
    const { append, row } = start()
    append([
      record('same', { time: 1_764_000_000_123 }),
      record('same', { time: 1_764_000_000_123 }),
      record('GET /', { kind: 'access', source: 'logs/access.log', level: null }),
      record(Buffer.from([0xff, 0x00, 0x22])),
    ])
    await expect.poll(() => row()?.state).toBe('current')
    expect(server.wrong).toEqual([])
    expect(server.taken.map(({ text }) => text).toSorted()).toEqual(
      ['GET /', 'same', 'same', '\uFFFD\0"'].toSorted(),
    )
    const own = { env: 'dev', app: 'shop', source: 'output', kind: 'application', level: 'info' }
    expect(server.taken[0]).toMatchObject({ labels: own, time: '1764000000123000001' })
    expect(server.taken[1]).toMatchObject({ labels: own, time: '1764000000123000002' })
    const access = { env: 'dev', app: 'shop', source: 'logs/access.log', kind: 'access' }
    expect(server.taken.find(({ text }) => text === 'GET /')?.labels).toEqual(access)
    expect(server.requests[0]?.headers).toMatchObject({
      'x-scope-orgid': 'ana',
      authorization: 'Bearer opensesame',
    })
  })

  test('OTLP is given severities and times as its data model has them', async () => {
    const { server, start } = await setup('otlp', { labels: { 'deployment.environment': 'dev' } })
    const { append, row } = start()
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', null] as const
    append(levels.map((level) => record(`is ${level}`, { level, time: 1_764_000_000_123 })))
    append([record('seen', { timeFrom: 'arrival', time: 5 })])
    await expect.poll(() => row()?.state).toBe('current')
    expect(server.wrong).toEqual([])
    expect(server.taken.map(({ severity }) => severity)).toEqual([1, 5, 9, 13, 17, 21, null, 9])
    expect(server.taken[0]).toMatchObject({ time: '1764000000123000001', observed: '' })
    expect(server.taken.at(-1)).toMatchObject({ time: '', observed: '5000008' })
    expect(server.taken[0]?.labels).toEqual({
      'deployment.environment': 'dev',
      'service.name': 'shop',
      'quantum_admin.source': 'output',
      'quantum_admin.kind': 'application',
    })
  })

  test('of a level and graver ones only those are sent, and nothing else counts as behind', async () => {
    const { texts, start } = await setup('loki', { level: 'warn' })
    const { append, row } = start()
    append([record('a', { level: 'info' }), record('b', { level: 'warn' }), record('c', { level: null })])
    append([record('d', { level: 'fatal' })], 'other')
    await expect.poll(() => row()).toMatchObject({ state: 'current', sent: 1, behind: 0 })
    expect(texts()).toEqual(['b'])
  })

  test('batches are bounded by records and by bytes, and a record that is larger goes by itself', async () => {
    const { server, texts, start } = await setup()
    const { append, row } = start()
    append(numbered(0, 4500))
    append(Array.from({ length: 12 }, () => record('x'.repeat(250_000))))
    await expect.poll(() => row()?.behind).toBe(0)
    expect(server.wrong).toEqual([])
    expect(texts().slice(0, 4500)).toEqual(textsOf(0, 4500))
    expect(texts()).toHaveLength(4512)
    const bytes = new Map<number, number>()
    for (const { request, text } of server.taken) bytes.set(request, (bytes.get(request) ?? 0) + text.length)
    expect(Math.max(...bytes.values())).toBeLessThanOrEqual(1024 * 1024)
    expect(server.requests.length).toBeLessThan(10)
  })
})

describe('a target that does not answer well', () => {
  test.each(['loki', 'otlp'] as const)('%s: everything arrives in order once it does again', async (kind) => {
    const { server, start, told } = await setup(kind)
    server.behave = inTurn(
      { do: 'answer', status: 503, headers: { 'retry-after': '0' } },
      { do: 'hang' },
      { do: 'take and break off' },
      { do: 'reset' },
      { do: 'answer', status: 500, body: 'rpc error: opensesame\n' },
    )
    const { append, row } = start()
    append(numbered(0, 10))
    await expect.poll(() => row()?.error?.message).toBe('it answered 500: rpc error: [redacted]')
    append(numbered(10, 10))
    await expect.poll(() => row()).toMatchObject({ state: 'current', sent: 20, refused: 0 })
    expect(server.wrong).toEqual([])
    const last = server.taken.filter(({ request }) => request > 4).map(({ text }) => text)
    expect(last).toEqual(textsOf(0, 20))
    expect(told.join('\n')).not.toContain('opensesame')
    expect(told.some((line) => line.includes('it did not answer within 0.3 s'))).toBe(true)
  })

  test('one that asks for time is given it', async () => {
    const { server, start } = await setup()
    const body = 'Ingestion rate limit exceeded for user ana (limit: 4194304 bytes/sec)'
    server.behave = inTurn({ do: 'answer', status: 429, headers: { 'retry-after': '1' }, body })
    const { append, row } = start()
    append(numbered(0, 1))
    await expect
      .poll(() => row())
      .toMatchObject({ state: 'retrying', behind: 1, error: { message: `it answered 429: ${body}` } })
    await expect.poll(() => row()?.state, { timeout: 5000 }).toBe('current')
    const [first, second] = server.requests
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000)
  })

  test('one that lets nobody in is left alone until something is changed', async () => {
    const { server, target, texts, start } = await setup()
    server.behave = inTurn({ do: 'answer', status: 401, body: 'no opensesame' })
    const { append, forwarders, row } = start()
    append(numbered(0, 3))
    await expect.poll(() => row()?.state).toBe('stopped')
    expect(row()?.error?.message).toContain('it answered 401: no [redacted]')
    append(numbered(3, 3))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.requests).toHaveLength(1)
    forwarders.forward({ shop: { ...target, headers: { authorization: 'Bearer another' } } })
    await expect.poll(() => row()?.state).toBe('current')
    expect(texts()).toEqual(textsOf(0, 6))
  })

  test('redirects are not followed, and a missing secret is said before anything is sent', async () => {
    const { server, target, start } = await setup()
    server.behave = () => ({ do: 'answer', status: 307, headers: { location: '/loki/api/v1/push' } })
    const { append, forwarders, row } = start()
    append(numbered(0, 1))
    await expect.poll(() => row()).toMatchObject({ state: 'stopped', behind: 1 })
    expect(row()?.error?.message).toContain('Redirects are not followed')
    expect(server.requests).toHaveLength(1)
    forwarders.forward({ shop: { ...target, problem: 'there is no secret loki' } })
    await expect.poll(() => row()?.error?.message).toBe('there is no secret loki')
    expect(server.requests).toHaveLength(1)
  })
})

describe('records that are not taken', () => {
  const reason = 'entry for stream \'{app="shop"}\' has timestamp too old: 2020-01-01T00:00:00Z'

  test.each(['loki', 'otlp'] as const)('%s: one of them holds up no other, and is told', async (kind) => {
    const { server, told, start } = await setup(kind)
    const bad = new Set(['line 3', 'line 77', 'line 78'])
    server.behave = () => ({ do: 'refuse', bad: (text) => bad.has(text), reason })
    const { append, row } = start()
    append(numbered(0, 100))
    await expect.poll(() => row()).toMatchObject({ state: 'current', sent: 97, refused: 3 })
    expect(new Set(server.taken.map(({ text }) => text))).toEqual(
      new Set(textsOf(0, 100).filter((text) => !bad.has(text))),
    )
    expect(row()?.error?.message).toBe(`it answered 400: ${reason}`)
    expect(told.slice(1)).toEqual([
      expect.stringContaining(`3 records were not taken: it answered 400: ${reason}`),
    ])
  })

  test('a target that takes nothing old is not asked record by record, and what is new arrives', async () => {
    const { server, texts, start } = await setup()
    server.behave = () => ({ do: 'refuse', bad: (text) => Number(text.slice(5)) < 11_000, reason })
    const { append, row } = start()
    append(numbered(0, 12_000))
    await expect.poll(() => row()?.behind, { timeout: 20_000 }).toBe(0)
    expect(row()).toMatchObject({ sent: 1000, refused: 11_000 })
    expect(new Set(texts())).toEqual(new Set(textsOf(11_000, 1000)))
    // To find what is not taken in the first batch and in the one where that ends; two for each between.
    expect(server.requests.length).toBeLessThan(450)
  })

  test('what OTLP says of a part is counted and not sent again', async () => {
    const { server, start } = await setup('otlp')
    const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: '2', errorMessage: 'too long' } })
    server.behave = inTurn({ do: 'answer', status: 200, body })
    const { append, row } = start()
    append(numbered(0, 5))
    await expect.poll(() => row()).toMatchObject({ state: 'current', sent: 3, refused: 2 })
    expect(row()?.error?.message).toBe('too long')
    expect(server.requests).toHaveLength(1)
  })
})

describe('where it goes on', () => {
  test('it begins with the next record, goes on after a restart, and is forgotten when it is switched off', async () => {
    const { target, told, texts, start } = await setup()
    const first = start({})
    first.append(numbered(0, 5))
    first.forwarders.forward({ shop: target })
    first.append(numbered(5, 5))
    await expect.poll(() => texts()).toEqual(textsOf(5, 5))
    // The configuration cannot be understood for a while.
    first.forwarders.forward({})
    first.append(numbered(10, 5))
    await first.stop()
    const second = start()
    await expect.poll(() => texts()).toEqual(textsOf(5, 10))
    await expect.poll(() => second.row()?.state).toBe('current')
    second.forwarders.forward({ shop: null })
    second.append(numbered(15, 5))
    second.forwarders.forward({ shop: target })
    second.append(numbered(20, 5))
    await expect.poll(() => texts()).toEqual([...textsOf(5, 10), ...textsOf(20, 5)])
    expect(second.row()).toMatchObject({ sent: 5, behind: 0 })
    const begins = `Logs of shop are forwarded to ${target.url} from now on`
    expect(told).toEqual([begins, 'Logs of shop are forwarded no more', begins])
  })

  test('what a store lost with the power and reads again is sent again; a damaged place sends all that is kept', async () => {
    const { texts, start, folder } = await setup()
    const first = start()
    first.append(numbered(0, 5))
    await expect.poll(() => first.row()?.sent).toBe(5)
    await first.stop()
    const [name = ''] = readdirSync(path.join(folder, 'shop'))
    truncateSync(path.join(folder, 'shop', name), 0)
    const second = start()
    // What is given the same numbers again is not sent in this start.
    second.append(numbered(3, 4))
    await second.stop()
    const third = start()
    await expect.poll(() => texts()).toEqual([...textsOf(0, 5), ...textsOf(3, 4)])
    await expect.poll(() => third.row()?.state).toBe('current')
    await third.stop()
    const place = path.join(folder, '+forwarding', 'shop.json')
    expect(readFileSync(place, 'utf8')).toContain('"done":4')
    writeFileSync(place, '{"done":')
    start()
    await expect.poll(() => texts().slice(9)).toEqual(textsOf(3, 4))
  })

  test('what is removed or damaged before it was sent is counted and told', async () => {
    const { server, told, texts, start, folder } = await setup()
    server.behave = () => ({ do: 'answer', status: 503 })
    const first = start()
    first.append(numbered(0, 7, { time: Date.now() - 3 * 86_400_000 }))
    const keep = () => first.store.keep({ perApp: { days: 2, bytes: 1e9 }, bytes: 1e9 }, Date.now())
    first.forwarders.removing(keep)
    expect(first.row()).toMatchObject({ lost: 7, behind: 0 })
    expect(told.some((line) => line.includes('7 records were removed before they could be sent'))).toBe(true)
    first.append(numbered(7, 3, { time: Date.now() - 1.5 * 86_400_000 }))
    first.forwarders.removing(keep)
    await first.stop()
    const closed = readdirSync(path.join(folder, 'shop')).find((name) => name.endsWith('.seg')) ?? ''
    const bytes = readFileSync(path.join(folder, 'shop', closed))
    bytes.write('LINE', bytes.indexOf('line 8'))
    writeFileSync(path.join(folder, 'shop', closed), bytes)
    server.behave = () => ({ do: 'take' })
    const second = start()
    second.append(numbered(10, 2))
    await expect.poll(() => second.row()).toMatchObject({ state: 'current', lost: 10, sent: 2 })
    expect(texts()).toEqual(textsOf(10, 2))
  })

  test('a folder in which the place cannot be noted stops the sending, not the daemon', async () => {
    const { server, start, folder, texts, told } = await setup()
    const inTheWay = path.join(folder, '+forwarding')
    writeFileSync(inTheWay, '')
    const { append, row } = start()
    append(numbered(0, 2))
    await expect.poll(() => row()).toMatchObject({ state: 'retrying', behind: 2 })
    expect(row()?.error?.message).toContain(inTheWay)
    expect(told.join('\n')).toContain(inTheWay)
    expect(server.requests).toEqual([])
    rmSync(inTheWay)
    await expect.poll(() => texts()).toEqual(textsOf(0, 2))
  })
})
