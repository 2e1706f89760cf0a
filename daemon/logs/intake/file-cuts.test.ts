import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundOutput, trimMiddle } from '../../adapters/process/bounded-output.ts'
import { type Followed, Following } from './followed.fixture.ts'
import { linesOf } from './lines.ts'

let following = new Following()
let { log } = following
const follow = (...args: ConstructorParameters<typeof Followed>) => following.follow(...args)
const restart = (followed: Followed) => following.restart(followed)

beforeEach(() => {
  following = new Following()
  ;({ log } = following)
})
afterEach(() => following.end())

test.each([false, true])(
  'copied and emptied: the rest is read from the copy; restarted: %s',
  async (restarts) => {
    writeFileSync(log, 'a\nb\n')
    let followed = follow(log)
    await followed.read()
    appendFileSync(log, 'c\nd\n')
    copyFileSync(log, `${log}.1`)
    truncateSync(log)
    if (restarts) followed = await restart(followed)
    appendFileSync(log, 'e\n')
    await followed.read()
    expect(followed.lines).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(followed.notes).toEqual([
      'the file was copied to app.log.1 and emptied: what was written between the two, if anything, is lost',
    ])
  },
)

test('copied and emptied, and grown beyond where it was read to', async () => {
  writeFileSync(log, 'a\nb\n')
  const followed = follow(log)
  await followed.read()
  appendFileSync(log, 'c\n')
  copyFileSync(log, `${log}.1`)
  writeFileSync(log, 'd\ne\nf\ng\nh\n')
  expect(await followed.read()).toEqual(['c', 'd', 'e', 'f', 'g', 'h'])
})

test('emptied without a copy: a note says what is lost', async () => {
  writeFileSync(log, 'a\nb\n')
  const followed = follow(log)
  await followed.read()
  writeFileSync(log, 'c\n')
  expect(await followed.read()).toEqual(['c'])
  expect(followed.notes.splice(0)).toEqual([
    'the file was truncated or made anew: what was written to it after byte 4, if anything, is lost',
  ])
  appendFileSync(log, 'hal')
  await followed.read()
  truncateSync(log)
  // What had been read of a line is given as it is.
  expect(await followed.read()).toEqual(['hal'])
})

test('emptied without a copy, far ahead of what was read', async () => {
  writeFileSync(log, `${'x'.repeat(999)}\n`.repeat(1000))
  const followed = follow(log)
  const { blocks, cursor } = (await followed.follower.next(100_000)) ?? {}
  expect(blocks?.flatMap(linesOf)).toHaveLength(100)
  followed.cursor = cursor ?? null
  truncateSync(log)
  appendFileSync(log, 'a\n')
  const next = await restart(followed)
  expect(await next.read()).toEqual(['a'])
  expect(next.notes).toEqual(['at least 900000 bytes were lost when the file was truncated or made anew'])
})

test('a program that does not append goes on where it was after its file was emptied: what is gone is said', async () => {
  const program = openSync(log, 'w')
  writeSync(program, 'a\n'.repeat(10_000))
  const ahead = follow(log)
  await ahead.read()
  const behind = follow(log)
  await behind.follower.next(4000)
  const { blocks = [] } = (await follow(log).follower.next(1)) ?? {}
  truncateSync(log)
  writeSync(program, 'b\n')
  expect(await ahead.read()).toEqual(['b'])
  expect(ahead.notes).toEqual([])
  expect(await behind.read()).toEqual(['b'])
  const gone = 20_000 - 2 * blocks.flatMap(linesOf).length
  expect(behind.notes).toEqual([
    `${gone} bytes are gone: they were taken out of the file before they could be read`,
  ])
  closeSync(program)
})

test.runIf(process.platform === 'linux')(
  'what is taken out of the beginning of a file: a note says how much, and zeros in lines stay',
  async () => {
    const text = Array.from({ length: 60_000 }, (_, n) => `${String(n).padStart(7, '0')}\0\n`).join('')
    writeFileSync(log, text)
    const ahead = follow(log)
    await ahead.read()
    const behind = follow(log)
    const first = await behind.follower.next(1)
    behind.cursor = first?.cursor ?? null
    const waiting = await restart(behind)
    await boundOutput(log, { most: 200_000, kept: 100_000 })
    appendFileSync(log, 'last\n')
    expect(await ahead.read()).toEqual(['last'])
    expect(ahead.notes).toEqual([])
    const ended = await restart(ahead)
    expect(await ended.read()).toEqual([])
    expect(ended.notes).toEqual([])
    const [mark = '', ...rest] = await waiting.read()
    expect(mark).toMatch(/^\[quantum-admin: \d+ bytes/)
    expect(rest.at(-1)).toBe('last')
    const before = Number(rest[0]?.slice(0, 7)) * 9
    expect(
      rest
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(''),
    ).toBe(text.slice(before))
    expect(waiting.notes).toHaveLength(1)
    const gone = Number(/^(\d+) bytes are gone/.exec(waiting.notes[0] ?? '')?.[1])
    expect(gone + mark.length + 1).toBe(before - 9 * (first?.blocks.flatMap(linesOf).length ?? 0))
  },
)

test.runIf(process.platform === 'linux')(
  'a hole in the middle of a file stands between the lines around it',
  async () => {
    const lines = (count: number) => `${'x'.repeat(99)}\n`.repeat(count)
    writeFileSync(log, `${lines(1000)}a\0b\n${'\0'.repeat(5000)}\n${lines(1000)}`)
    execFileSync('fallocate', ['--punch-hole', '--offset', '40960', '--length', '40960', log])
    const followed = follow(log)
    const read = await followed.read()
    expect(followed.notes).toEqual([
      '40960 bytes are gone: they were taken out of the file before they could be read',
    ])
    expect(read).toContain('a\0b')
    expect(read.filter((line) => line === 'x'.repeat(99))).toHaveLength(2000 - 411)
    expect(read.filter((line) => line.length === 5000)).toHaveLength(1)
  },
)

test('the middle is taken out of a file that is read to its end, and reading goes on where it was', async () => {
  writeFileSync(log, Array.from({ length: 50_000 }, (_, n) => `line ${n}\n`).join(''))
  const followed = follow(log)
  await followed.read()
  await trimMiddle(log, 100_000)
  appendFileSync(log, 'last\n')
  expect(await followed.read()).toEqual(['last'])
  expect(followed.notes).toEqual([expect.stringMatching(/^the middle of the file was taken out/)])
})
