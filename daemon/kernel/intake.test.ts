import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Intake, type Inbox } from './intake.ts'

/** A clock that each frame moves on by what it says it takes. */
function setup() {
  let now = 0
  const taken: string[] = []
  const held: string[] = []
  const intake = new Intake(() => now)
  const inbox = (name: string): Inbox => ({
    frames: [],
    take: (frame) => {
      taken.push(name + frame)
      now += 1
    },
    hold: (is) => held.push(`${name} ${is}`),
  })
  return { intake, inbox, taken, held }
}

test('what a turn has time for is handled at once', () => {
  const { intake, inbox, taken } = setup()
  const a = inbox('a')
  for (const frame of ['1', '2', '3']) intake.put(a, frame)
  expect(taken).toEqual(['a1', 'a2', 'a3'])
})

test('the rest waits for the next turns, in order, and everybody is heard in rotation', async () => {
  const { intake, inbox, taken } = setup()
  const [a, b] = [inbox('a'), inbox('b')]
  for (let i = 1; i <= 12; i++) intake.put(a, String(i))
  intake.put(b, '1')
  intake.put(b, '2')
  expect(taken).toEqual(['a1', 'a2', 'a3', 'a4', 'a5'])
  await nextTurn()
  expect(taken.slice(5)).toEqual(['a6', 'b1', 'a7', 'b2', 'a8'])
  await nextTurn()
  expect(taken.slice(10)).toEqual(['a9', 'a10', 'a11', 'a12'])
})

test('a connection with many frames waiting is not read until they are done', async () => {
  const { intake, inbox, taken, held } = setup()
  const a = inbox('a')
  for (let i = 0; i < 300; i++) intake.put(a, '')
  expect(held).toEqual(['a true'])
  while (taken.length < 300) await nextTurn()
  expect(held).toEqual(['a true', 'a false'])
})

test('what a connection left when it ended is forgotten', async () => {
  const { intake, inbox, taken } = setup()
  const a = inbox('a')
  for (let i = 0; i < 20; i++) intake.put(a, '')
  a.frames.length = 0
  await nextTurn()
  expect(taken).toHaveLength(5)
})
