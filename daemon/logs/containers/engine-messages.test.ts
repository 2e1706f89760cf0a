import { expect, test } from 'vitest'
import { ContainerLines, fromKept, nothingRead, toKept } from './container-lines.ts'
import { EngineMessages, type EngineMessage } from './engine-messages.ts'
import { LastWords } from './last-words.ts'

const stamp = (second: number): string => `2026-11-23T10:00:${String(second).padStart(2, '0')}.000000001Z`

const frame = (stream: number, second: number, text: string): Buffer => {
  const body = Buffer.from(`${stamp(second)} ${text}`)
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

function messagesOf(bytes: Buffer, size: number): readonly EngineMessage[] {
  const reader = new EngineMessages()
  const messages: EngineMessage[] = []
  for (let at = 0; at < bytes.length; at += size) messages.push(...reader.push(bytes.subarray(at, at + size)))
  return [...messages, ...reader.end()]
}

const [part, end] = ['a'.repeat(16_384), 'b'.repeat(100)]
const framed = Buffer.concat([
  frame(1, 1, part),
  frame(2, 2, 'oops\n'),
  frame(1, 1, part),
  frame(1, 1, `${end}\n`),
  frame(1, 3, 'half'),
  frame(1, 4, 'of another start\n'),
])
const plain = Buffer.from(
  `${stamp(1)} ${part}${stamp(1)} ${part}${stamp(1)} ${end}\r\n${stamp(2)} 10%\r20%\r\r\n${stamp(3)} last`,
)

test.each([1, 7, 31, 1000, 65_536])('a log that comes in pieces of %i bytes is the same log', (size) => {
  const lines = new ContainerLines(nothingRead)
  const textsOf = (messages: readonly EngineMessage[]) =>
    [...lines.push(messages), ...lines.end()].flatMap((some) => some.lines.map(({ bytes }) => String(bytes)))
  expect(textsOf(messagesOf(framed, size))).toEqual(['oops', part + part + end, 'half', 'of another start'])
  expect(textsOf(messagesOf(plain, size))).toEqual([part + part + end, '10%', '20%', 'last'])
})

test('what is no log is refused before it fills memory', () => {
  const reader = new EngineMessages()
  expect(() => reader.push(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 0]))).toThrow('no log')
})

test('wherever reading is cut off, each line is given once', () => {
  const messages = messagesOf(framed, 65_536)
  for (let cut = 0; cut <= messages.length; cut++) {
    const first = new ContainerLines(nothingRead)
    const given = first.push(messages.slice(0, cut)).flatMap(({ lines }) => lines)
    // As after a kill: what was kept is all that is known, and reading goes on behind its place.
    const kept = fromKept(JSON.parse(JSON.stringify(toKept(first.kept))) as ReturnType<typeof toKept>)
    const second = new ContainerLines(kept)
    const rest = new LastWords(kept.place, []).take(messages)
    given.push(...[...second.push(rest), ...second.end()].flatMap(({ lines }) => lines))
    expect(given.map(({ bytes }) => String(bytes))).toEqual([
      'oops',
      part + part + end,
      'half',
      'of another start',
    ])
  }
})

test('last words that leave something out say that they may', () => {
  const messages = messagesOf(Buffer.concat([1, 2, 3].map((at) => frame(1, at, `${at}\n`))), 1000)
  const lines = new ContainerLines(nothingRead)
  lines.push(messages.slice(0, 1))
  const { place } = lines.kept
  const textsOf = (words: LastWords, some: readonly EngineMessage[]) =>
    words.take(some).map(({ bytes }) => String(bytes))
  const whole = new LastWords(place, messages.slice(0, 2))
  expect(textsOf(whole, messages.slice(2))).toEqual(['2', '3'])
  expect(whole.areSure).toBe(true)
  const torn = new LastWords(place, [])
  expect(textsOf(torn, messages.slice(2))).toEqual(['3'])
  expect(torn.areSure).toBe(false)
})
