import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FileFollower } from '../../daemon/logs/intake/file-follower.ts'
import { linesOf, longestLine } from '../../daemon/logs/intake/lines.ts'
import { setAside } from '../../daemon/adapters/process/bounded-output.ts'
import { percentile } from '../bench/bench.ts'
import { inRoot } from '../support/paths.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { withFolder } from '../support/trail.ts'

const limit = full ? 1_200_000 : 120_000

/** A process that follows a file, and is killed and begun again where it had come to. */
class Reader {
  kills = 0
  readonly #log: string
  readonly #out: string
  #child: ChildProcess

  constructor(log: string, out: string) {
    this.#log = log
    this.#out = out
    this.#child = this.#start()
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await ended
  }

  async restart(): Promise<void> {
    await this.kill()
    this.kills++
    this.#child = this.#start()
  }

  /** Settles once a line was stored. */
  async stored(line: string): Promise<void> {
    while (!this.#end().includes(`${line}\n`)) {
      if (this.#child.exitCode !== null) throw new Error('The reader ended by itself')
      await wait(5)
    }
  }

  /** What it stored, as far as it counts. */
  get lines(): readonly string[] {
    const { text } = this
    const whole = text.slice(0, text.lastIndexOf('\u0001cursor '))
    return whole.split('\n').filter((line) => line !== '' && !line.startsWith('\u0001cursor '))
  }

  get text(): string {
    return readFileSync(this.#out, 'latin1')
  }

  /** The last it stored. */
  #end(): string {
    if (!existsSync(this.#out)) return ''
    const file = openSync(this.#out, 'r')
    try {
      const end = Buffer.alloc(8192)
      const length = readSync(file, end, 0, end.length, Math.max(0, statSync(this.#out).size - end.length))
      return end.toString('latin1', 0, length)
    } finally {
      closeSync(file)
    }
  }

  #start(): ChildProcess {
    const script = inRoot('test', 'support', 'follow-child.ts')
    return spawn(process.execPath, [script, this.#log, this.#out], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  }
}

/** As logrotate does it: from the oldest on, one name after the other. */
function rotate(log: string): void {
  let oldest = 0
  while (existsSync(`${log}.${oldest + 1}`)) oldest++
  for (let n = oldest; n > 0; n--) renameSync(`${log}.${n}`, `${log}.${n + 1}`)
  renameSync(log, `${log}.1`)
}

const lineOf = (n: number): string => `${String(n).padStart(8, '0')} ${'x'.repeat(n % 60)}`

/** What of so many numbered lines did not come once and in order. */
function faultsIn(lines: readonly string[], count: number) {
  const numbers = lines.map((line) => Number.parseInt(line, 10))
  const seen = new Set(numbers)
  return {
    missing: count - seen.size,
    duplicate: numbers.length - seen.size,
    reordered: numbers.filter((number, n) => n > 0 && number < (numbers[n - 1] ?? 0)).length,
    damaged: lines.filter((line, n) => line !== lineOf(numbers[n] ?? 0)).length,
  }
}

test(
  'every line comes once and in order, across rotations and kills (R7)',
  () =>
    withFolder(async (folder) => {
      const random = new Random(7)
      const log = join(folder, 'app.log')
      const [count, rotations, kills] = [scale(30_000, 1_000_000), scale(12, 100), scale(3, 20)]
      writeFileSync(log, `${lineOf(0)}\n`)
      const reader = new Reader(log, join(folder, 'out'))
      await reader.stored(lineOf(0))
      const killAt = new Set(
        Array.from({ length: kills }, (_, n) => Math.floor(((n + 1) * count) / (kills + 1))),
      )
      let rotated = 0
      for (let n = 1; n < count;) {
        const to = Math.min(count, n + random.int(1, 200))
        let text = ''
        let kill = false
        for (; n < to; n++) {
          text += `${lineOf(n)}\n`
          kill ||= killAt.has(n)
        }
        appendFileSync(log, text)
        if (kill) await reader.restart()
        if (rotated < rotations && n >= ((rotated + 1) * count) / (rotations + 1)) {
          rotate(log)
          rotated++
        }
        await turn()
      }
      await reader.stored(lineOf(count - 1))
      await reader.kill()
      const notes = reader.lines.filter((line) => line.startsWith('\u0001note '))
      const faults = faultsIn(
        reader.lines.filter((line) => !line.startsWith('\u0001note ')),
        count,
      )
      figure(
        'R7',
        `logs: ${count} lines, ${rotated} rotations, ${reader.kills} kills: ${faults.missing} missing, ` +
          `${faults.duplicate} duplicate, ${faults.reordered} reordered, ${notes.length} notes`,
      )
      expect(faults).toEqual({ missing: 0, duplicate: 0, reordered: 0, damaged: 0 })
      expect({ rotated, kills: reader.kills, notes }).toEqual({ rotated: rotations, kills, notes: [] })
    }),
  limit,
)

test(
  'a file that is copied and emptied again and again leaves no gap that is not said (R7)',
  () =>
    withFolder(async (folder) => {
      const log = join(folder, 'app.log')
      const rounds = scale(10, 300)
      let n = 0
      writeFileSync(log, `${lineOf(n++)}\n`)
      const reader = new Reader(log, join(folder, 'out'))
      await reader.stored(lineOf(0))
      for (let round = 0; round < rounds; round++) {
        for (let block = 0; block < 20; block++) {
          let text = ''
          for (let line = 0; line < 25; line++) text += `${lineOf(n++)}\n`
          appendFileSync(log, text)
          await turn()
        }
        await setAside(log)
        if (round % 7 === 3) await reader.restart()
      }
      appendFileSync(log, `${lineOf(n++)}\n`)
      await reader.stored(lineOf(n - 1))
      await reader.kill()
      let last = -1
      let noted = false
      let silent = 0
      let gaps = 0
      let again = 0
      for (const line of reader.lines) {
        const number = /^\d{8} x*$/.test(line) ? Number.parseInt(line, 10) : null
        if (number === null) noted ||= line.startsWith('\u0001note ')
        else {
          if (number > last + 1) gaps++
          if (number > last + 1 && !noted) silent++
          if (number <= last) again++
          last = number
          noted = false
        }
      }
      figure(
        'R7',
        `logs: ${rounds} times copied and emptied, ${reader.kills} kills: ${gaps} gaps, ${silent} silent, ${again} again`,
      )
      expect({ silent, again, last }).toEqual({ silent: 0, again: 0, last: n - 1 })
    }),
  limit,
)

test('lines that are no valid text come as they were written (R7)', () =>
  withFolder(async (folder) => {
    const random = new Random(11)
    const log = join(folder, 'app.log')
    const lines = Array.from({ length: 10_000 }, () =>
      // Anything but what ends a line.
      Buffer.from(random.bytes(random.int(1, 120)).map((byte) => (byte === 10 || byte === 13 ? 0xff : byte))),
    )
    writeFileSync(log, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
    const follower = new FileFollower(log, { cursor: null })
    const read: Buffer[] = []
    for (let batch; (batch = await follower.next(50_000)) !== null;)
      read.push(...batch.blocks.flatMap(linesOf).map(({ bytes }) => bytes))
    await follower.dispose()
    const different = lines.filter((line, n) => read[n]?.equals(line) !== true).length
    figure('R7', `logs: ${lines.length} lines of any bytes, ${different} different`)
    expect([read.length, different]).toEqual([lines.length, 0])
  }))

test(
  'a line of 100 MB is cut, and costs no more memory than what is kept of it (R7)',
  () =>
    withFolder(async (folder) => {
      const log = join(folder, 'app.log')
      const length = scale(20_000_000, 100_000_000)
      writeFileSync(log, 'before\n')
      for (let written = 0; written < length; written += 10_000_000)
        appendFileSync(log, Buffer.alloc(10_000_000, 'x'))
      appendFileSync(log, '\nafter\n')
      expect(statSync(log).size).toBe(length + 14)
      const follower = new FileFollower(log, { cursor: null })
      const lines: (readonly [number, number])[] = []
      for (let batch; (batch = await follower.next(100_000)) !== null;)
        lines.push(...batch.blocks.flatMap(linesOf).map(({ bytes, cut }) => [bytes.length, cut] as const))
      await follower.dispose()
      figure('R7', `logs: a line of ${length} bytes: ${lines[1]?.[0]} kept, ${lines[1]?.[1]} told to be cut`)
      expect(lines).toEqual([
        [6, 0],
        [longestLine, length - longestLine],
        [5, 0],
      ])
    }),
  limit,
)

test(
  'a line that is appended to a quiet file is read within 10 ms (R7)',
  () =>
    withFolder(async (folder) => {
      const log = join(folder, 'app.log')
      writeFileSync(log, '')
      const follower = new FileFollower(log, { cursor: null })
      await follower.next(1000)
      const ages: number[] = []
      for (let n = 0; n < scale(50, 1000); n++) {
        await wait(10)
        while ((await follower.next(1000)) !== null);
        const told = Promise.withResolvers<void>()
        const listening = follower.readable.on(() => told.resolve())
        const written = performance.now()
        appendFileSync(log, `${lineOf(n)}\n`)
        let batch = null
        while (batch === null) {
          await told.promise
          batch = await follower.next(1000)
        }
        ages.push(performance.now() - written)
        await listening.dispose()
      }
      await follower.dispose()
      const p99 = percentile(ages, 99)
      figure(
        'R7',
        `logs: from appended to read: p50 ${percentile(ages, 50).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
      )
      if (full) expect(p99).toBeLessThanOrEqual(10)
    }),
  limit,
)
