import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FollowRoom } from './follow-room.ts'
import { type Followed, Following } from './followed.fixture.ts'
import { linesOf } from './lines.ts'

let following = new Following()
let { folder, log } = following
const follow = (...args: ConstructorParameters<typeof Followed>) => following.follow(...args)
const restart = (followed: Followed) => following.restart(followed)

beforeEach(() => {
  following = new Following()
  ;({ folder, log } = following)
})
afterEach(() => following.end())

test('what is there is read from its beginning, and then what comes', async () => {
  writeFileSync(log, 'a\nb\n')
  const followed = follow(log)
  expect(await followed.read()).toEqual(['a', 'b'])
  expect(await followed.follower.next(1000)).toBeNull()
  const told = followed.told()
  appendFileSync(log, 'c\nhal')
  await told
  expect(await followed.read()).toEqual(['c'])
  appendFileSync(log, 'f\n')
  expect(await followed.until(4)).toEqual(['a', 'b', 'c', 'half'])
  expect(followed.notes).toEqual([])
})

test('batches are as long as they are asked to be, and each cursor leads to the next', async () => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n}`)
  writeFileSync(log, lines.map((line) => `${line}\n`).join(''))
  let followed = follow(log)
  for (let batches = 0; ; batches++) {
    const batch = await followed.follower.next(20_000)
    if (batch === null) {
      expect(batches).toBeGreaterThan(4)
      break
    }
    followed.lines.push(...batch.blocks.flatMap(linesOf).map(({ bytes }) => bytes.toString()))
    followed.cursor = batch.cursor
    followed = await restart(followed)
  }
  expect(followed.lines).toEqual(lines)
  expect(followed.notes).toEqual([])
})

test('a file that is not there yet', async () => {
  const followed = follow(log)
  expect(await followed.read()).toEqual([])
  expect(followed.follower.problem).toBe('is not there yet')
  writeFileSync(log, 'a\n')
  expect(await followed.until(1)).toEqual(['a'])
  expect(followed.follower.problem).toBeNull()
})

test('a file that comes and is rotated away before it was looked at; what is older is not read', async () => {
  writeFileSync(`${log}.1`, 'old\n')
  const followed = follow(log)
  expect(await followed.read()).toEqual([])
  for (const line of ['a', 'b', 'c']) rotate(9, line)
  expect(await followed.read()).toEqual(['a', 'b', 'c'])
})

test('a folder that goes and comes again', async () => {
  const inside = folder.file('logs/app.log')
  const followed = follow(inside)
  expect(await followed.read()).toEqual([])
  mkdirSync(folder.file('logs'))
  writeFileSync(inside, 'a\n')
  expect(await followed.until(1)).toEqual(['a'])
  rmSync(folder.file('logs'), { recursive: true })
  await followed.read()
  expect(followed.follower.problem).toBe('is not there yet')
  mkdirSync(folder.file('logs'))
  writeFileSync(inside, 'b\n')
  expect(await followed.until(2)).toEqual(['a', 'b'])
  appendFileSync(inside, 'c\n')
  expect(await followed.until(3)).toEqual(['a', 'b', 'c'])
  expect(followed.notes).toEqual([])
})

test('a last line without an end is given when the program has ended', async () => {
  writeFileSync(log, 'a\nb')
  const followed = follow(log)
  expect(await followed.read()).toEqual(['a'])
  followed.follower.flush()
  expect(await followed.read()).toEqual(['b'])
  const next = await restart(followed)
  appendFileSync(log, 'c\n')
  expect(await next.read()).toEqual(['c'])
})

test('a rename: the old file is read to its end, its last line without an end too, and then the new one', async () => {
  writeFileSync(log, 'a\n')
  const followed = follow(log)
  await followed.read()
  appendFileSync(log, 'b\n')
  renameSync(log, `${log}.1`)
  expect(await followed.read()).toEqual(['b'])
  // The program still has the old one open, also after an empty one was made.
  appendFileSync(`${log}.1`, 'c\n')
  expect(await followed.until(3)).toEqual(['a', 'b', 'c'])
  writeFileSync(log, '')
  appendFileSync(`${log}.1`, 'd\ne')
  expect(await followed.until(4)).toEqual(['a', 'b', 'c', 'd'])
  appendFileSync(log, 'f\n')
  expect(await followed.until(6)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  // Another process of the program that has not noticed yet.
  appendFileSync(`${log}.1`, 'late\n')
  expect(await followed.until(7)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'late'])
  expect(followed.notes).toEqual([])
})

test('what is written late to a file that was rotated away is read once, also across a restart', async () => {
  writeFileSync(log, 'a\n')
  const followed = follow(log)
  await followed.read()
  renameSync(log, `${log}.1`)
  writeFileSync(log, 'b\n')
  expect(await followed.read()).toEqual(['b'])
  appendFileSync(`${log}.1`, 'late 1\n')
  expect(await followed.read()).toEqual(['late 1'])
  const next = await restart(followed)
  appendFileSync(`${log}.1`, 'late 2\n')
  appendFileSync(log, 'c\n')
  expect((await next.read()).toSorted()).toEqual(['c', 'late 2'])
  expect(next.notes).toEqual([])
})

/** Renames as a rotation does, and begins a new file with a line. */
function rotate(kept: number, line: string): void {
  for (let n = kept; n > 0; n--) {
    const from = n === 1 ? log : `${log}.${n - 1}`
    try {
      renameSync(from, `${log}.${n}`)
    } catch {
      // There are not so many yet.
    }
  }
  writeFileSync(log, `${line}\n`)
}

test.each([false, true])(
  'several rotations between two looks; a restart in between: %s',
  async (restarts) => {
    writeFileSync(log, 'a\n')
    let followed = follow(log)
    await followed.read()
    appendFileSync(log, 'b\n')
    for (const line of ['c', 'd', 'e', 'f']) rotate(9, line)
    if (restarts) followed = await restart(followed)
    expect(await followed.read()).toEqual(['b', 'c', 'd', 'e', 'f'])
    expect(followed.notes).toEqual([])
  },
)

test('rotated files that are named by dates', async () => {
  writeFileSync(log, 'a\n')
  const followed = follow(log)
  await followed.read()
  appendFileSync(log, 'b\n')
  for (const [n, day] of ['20260130', '20260131', '20260201'].entries()) {
    renameSync(log, `${log}-${day}`)
    utimesSync(`${log}-${day}`, 1_800_000_000 + n, 1_800_000_000 + n)
    writeFileSync(log, `${day}\n`)
  }
  const next = await restart(followed)
  expect(await next.read()).toEqual(['b', '20260130', '20260131', '20260201'])
})

/** As gzip does: another file, with the time of the first. */
function pack(path: string): void {
  const { atime, mtime } = statSync(path)
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
  utimesSync(`${path}.gz`, atime, mtime)
  unlinkSync(path)
}

test('rotated files that were packed meanwhile are read on at the same place, in order', async () => {
  const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n}`)
  const text = lines.map((line) => `${line}\n`).join('')
  writeFileSync(log, text)
  const followed = follow(log)
  const first = await followed.follower.next(100_000)
  if (first === null) throw new Error('Nothing was read')
  followed.lines.push(...first.blocks.flatMap(linesOf).map(({ bytes }) => bytes.toString()))
  followed.cursor = first.cursor
  for (const line of ['c', 'd', 'e']) rotate(9, line)
  pack(`${log}.3`)
  pack(`${log}.2`)
  let next = await restart(followed)
  // And again from the middle of what is packed.
  const second = await next.follower.next(100_000)
  next.lines.push(...(second?.blocks.flatMap(linesOf).map(({ bytes }) => bytes.toString()) ?? []))
  next.cursor = second?.cursor ?? null
  next = await restart(next)
  await next.read()
  expect(next.lines).toEqual([...lines, 'c', 'd', 'e'])
  expect(next.notes).toEqual([])
})

test('what was packed in another way or is damaged is named', async () => {
  writeFileSync(log, 'a\n')
  const followed = follow(log)
  await followed.read()
  for (const line of ['b', 'c', 'd']) rotate(9, line)
  renameSync(`${log}.2`, `${log}.2.xz`)
  const packed = gzipSync(Buffer.alloc(1_000_000, 'noise\n'))
  writeFileSync(`${log}.1.gz`, packed.subarray(0, packed.length / 2))
  unlinkSync(`${log}.1`)
  const next = await restart(followed)
  expect((await next.read()).at(-1)).toBe('d')
  expect(next.notes).toEqual([
    'app.log.2.xz was not read: it is packed, and not by gzip',
    expect.stringMatching(
      /^app\.log\.1\.gz cannot be unpacked beyond byte \d+: what it held after that is lost$/,
    ),
  ])
})

test('deleted and made anew', async () => {
  writeFileSync(log, 'a\n')
  let followed = follow(log)
  await followed.read()
  appendFileSync(log, 'b\n')
  unlinkSync(log)
  // It is open still.
  expect(await followed.read()).toEqual(['b'])
  writeFileSync(log, 'c\n')
  expect(await followed.until(3)).toEqual(['a', 'b', 'c'])
  expect(followed.notes).toEqual([])
  unlinkSync(log)
  followed = await restart(followed)
  expect(await followed.read()).toEqual([])
  expect(followed.follower.problem).toBe('is not there yet')
  writeFileSync(folder.file('other'), '')
  writeFileSync(log, 'd\n')
  expect(await followed.until(4)).toEqual(['a', 'b', 'c', 'd'])
  expect(followed.notes).toEqual([expect.stringMatching(/after byte 2, if anything, is lost$/)])
})

test('another file with the same inode is a new one', async () => {
  writeFileSync(log, 'a\nb\nc\n')
  const followed = follow(log)
  await followed.read()
  await followed.follower.dispose()
  writeFileSync(log, 'other\nlines\n')
  const next = await restart(followed)
  expect(await next.read()).toEqual(['other', 'lines'])
  expect(next.notes).toHaveLength(1)
})

test('the same file with another inode, as editors leave it, is read on', async () => {
  writeFileSync(log, 'a\nb\n')
  const followed = follow(log)
  await followed.read()
  await followed.follower.dispose()
  writeFileSync(`${log}.new`, 'a\nb\nc\n')
  renameSync(`${log}.new`, log)
  const next = await restart(followed)
  expect(await next.read()).toEqual(['c'])
  expect(next.notes).toEqual([])
})

test('lines come where the system tells of no changes', async () => {
  const none = (() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }) as never
  const room = new FollowRoom(500, none)
  const followed = follow(log, null, { room })
  await followed.read()
  writeFileSync(log, 'a\n')
  expect(await followed.until(1)).toEqual(['a'])
  appendFileSync(log, 'b\n')
  expect(await followed.until(2)).toEqual(['a', 'b'])
  expect(room.told).toBe(0)
  room.dispose()
})

test('many files of one folder are followed with one watch and few open files', async () => {
  const room = new FollowRoom(50)
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  const names = Array.from({ length: 500 }, (_, n) => folder.file(`${n}.log`))
  for (const name of names) writeFileSync(name, 'a\n')
  const all = names.map((name) => follow(name, null, { room }))
  for (const followed of all) expect(await followed.read()).toEqual(['a'])
  expect(room.told).toBe(1)
  if (process.platform === 'linux') expect(open() - before).toBeLessThan(70)
  for (const name of names) appendFileSync(name, 'b\n')
  for (const followed of all) expect(await followed.read()).toEqual(['b'])
  for (const { follower } of all) await follower.dispose()
  expect(room.told).toBe(0)
  room.dispose()
})

test('what cannot be a file of lines is said, and never waited for', async () => {
  const followed = follow(log)
  const problem = async () => {
    expect(await followed.read()).toEqual([])
    return followed.follower.problem
  }
  mkdirSync(log)
  expect(await problem()).toBe('is a folder, not a file')
  rmSync(log, { recursive: true })
  execFileSync('mkfifo', [log])
  expect(await problem()).toBe('is a pipe, not a file')
  rmSync(log)
  const server = createServer().listen(log)
  await once(server, 'listening')
  expect(await problem()).toBe('is a socket, not a file')
  server.close()
  rmSync(log, { force: true })
  symlinkSync('/dev/zero', log)
  expect(await problem()).toBe('is a device, not a file')
  rmSync(log)
  symlinkSync(log, log)
  expect(await problem()).toBe('is a link that leads to itself')
  rmSync(log)
  symlinkSync(folder.file('nowhere'), log)
  expect(await problem()).toBe('is not there yet')
  writeFileSync(folder.file('nowhere'), 'a\n')
  expect(await followed.until(1)).toEqual(['a'])
  expect(followed.follower.problem).toBeNull()
})

test.runIf(process.getuid?.() === 0)('a file that may not be read, until it may', async () => {
  writeFileSync(log, 'a\n')
  chmodSync(log, 0)
  chmodSync(folder.path, 0o755)
  process.seteuid?.(65_534)
  try {
    const followed = follow(log)
    expect(await followed.read()).toEqual([])
    expect(followed.follower.problem).toBe('may not be read: permission denied')
    process.seteuid?.(0)
    chmodSync(log, 0o644)
    process.seteuid?.(65_534)
    expect(await followed.read()).toEqual(['a'])
    expect(followed.follower.problem).toBeNull()
  } finally {
    process.seteuid?.(0)
  }
})

test('a link to a file elsewhere is told of, and one that comes to lead to another', async () => {
  mkdirSync(folder.file('elsewhere'))
  const target = folder.file('elsewhere/app-1.log')
  writeFileSync(target, 'a\n')
  symlinkSync(target, log)
  const followed = follow(log)
  await followed.read()
  const told = followed.told()
  appendFileSync(target, 'b\n')
  await told
  expect(await followed.read()).toEqual(['b'])
  const next = folder.file('elsewhere/app-2.log')
  writeFileSync(next, 'd\n')
  appendFileSync(target, 'c\n')
  symlinkSync(next, `${log}.new`)
  renameSync(`${log}.new`, log)
  expect(await followed.until(4)).toEqual(['a', 'b', 'c', 'd'])
})

test('a file is closed when it rests, and goes on where it was', async () => {
  writeFileSync(log, 'a\nb')
  const followed = follow(log)
  await followed.read()
  followed.follower.rest()
  expect(await followed.read()).toEqual([])
  appendFileSync(log, 'c\n')
  expect(await followed.until(2)).toEqual(['a', 'bc'])
  followed.follower.rest()
  appendFileSync(log, 'd\n')
  renameSync(log, `${log}.1`)
  writeFileSync(log, 'e\n')
  expect(await followed.until(4)).toEqual(['a', 'bc', 'd', 'e'])
  expect(followed.notes).toEqual([])
})
