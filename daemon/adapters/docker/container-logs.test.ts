import { describe, expect, test } from 'vitest'
import { maxLineBytes, readLog } from './container-logs.ts'

/** Whole numbers from `low` to `high`, the same for the same seed. */
function numbers(seed: number): (low: number, high: number) => number {
  let state = seed
  return (low, high) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return low + ((state >>> 8) % (high - low + 1))
  }
}

const frame = (stream: number, payload: string | Buffer): Buffer => {
  const body = Buffer.from(payload)
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

async function* pieces(bytes: Buffer, size: () => number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length;) {
    const to = from + size()
    yield bytes.subarray(from, to)
    from = to
  }
}

async function linesOf(
  bytes: Buffer,
  tty: boolean,
  size: () => number = () => 65_536,
): Promise<readonly string[]> {
  const lines: string[] = []
  await readLog(pieces(bytes, size), tty, async (batch) => void lines.push(...batch))
  return lines
}

describe('reading a container log', () => {
  test('stdout and stderr keep the order of their frames, and an unfinished line of one does not mix with the other', async () => {
    const log = Buffer.concat([
      frame(1, 'out one\nout tw'),
      frame(2, 'err one\n'),
      frame(1, 'o\n'),
      frame(2, 'last'),
    ])
    expect(await linesOf(log, false)).toEqual(['out one', 'err one', 'out two', 'last'])
  })

  test('the lines are the same however the stream is torn apart', async () => {
    const random = numbers(1)
    const text = Array.from({ length: 500 }, (_, n) => `${n} ${'é€😀'.repeat(random(0, 40))}\n`)
    const framed = Buffer.concat(text.map((line) => frame(random(1, 2), line)))
    const whole = text.map((line) => line.slice(0, -1))
    for (const most of [1, 3, 7, 100, 5000]) {
      expect(await linesOf(framed, false, () => random(1, most))).toEqual(whole)
      expect(await linesOf(Buffer.from(text.join('')), true, () => random(1, most))).toEqual(whole)
    }
  })

  test('a terminal log is plain bytes with carriage returns', async () => {
    expect(await linesOf(Buffer.from('one\r\ntwo\r\n\r\nthree'), true)).toEqual(['one', 'two', '', 'three'])
  })

  test('a log that is not in frames after all is shown as it is', async () => {
    expect(await linesOf(Buffer.from('plain words\nand more\n'), false)).toEqual(['plain words', 'and more'])
  })

  test('invalid UTF-8 stays on its line', async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3, 10]), Buffer.from('fine\n')])
    expect(await linesOf(bytes, true)).toEqual(['\ufffd\ufffd\ufffd', 'fine'])
  })

  test('a line of 100 MB is cut at 256 KiB with a marker, and the next line is whole', async () => {
    async function* huge() {
      for (let n = 0; n < 100; n++) yield Buffer.alloc(1 << 20, 0x61)
      yield Buffer.from('\nnext\n')
    }
    const lines: string[] = []
    await readLog(huge(), true, async (batch) => void lines.push(...batch))
    expect(lines).toEqual([`${'a'.repeat(maxLineBytes)} … [line cut at 256 KiB]`, 'next'])
  })

  test('a cut never goes through a character', async () => {
    const [line] = await linesOf(Buffer.from(`x${'€'.repeat(maxLineBytes)}`), true)
    expect(line).not.toContain('\ufffd')
    expect(line).toMatch(/^x€+ … \[line cut at 256 KiB\]$/)
  })

  test('nothing is read on while the receiver is busy', async () => {
    let read = 0
    let receiving = 0
    async function* counted() {
      for (; read < 50; read++) yield Buffer.from('line\n'.repeat(10))
    }
    await readLog(counted(), true, async () => {
      receiving++
      const before = read
      await new Promise((resolve) => setTimeout(resolve, 1))
      expect(read).toBe(before)
    })
    expect(receiving).toBe(50)
  })

  test('random bytes never throw and never make a batch of more than a thousand lines', async () => {
    const random = numbers(2)
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(Array.from({ length: random(0, 4000) }, () => random(0, 255)))
      await readLog(
        pieces(bytes, () => random(1, 500)),
        round % 2 === 0,
        async (batch) => expect(batch.length).toBeLessThanOrEqual(1000),
      )
    }
  })
})
