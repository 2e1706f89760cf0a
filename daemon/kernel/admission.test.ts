import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Admission } from './admission.ts'

function setup() {
  const state = { open: true }
  const begun: number[] = []
  const endings: (() => void)[] = []
  const admission = new Admission(() => state.open)
  const admit = (n: number) =>
    admission.admit(
      () =>
        new Promise((resolve) => {
          begun.push(n)
          endings.push(resolve)
        }),
    )
  return { state, begun, endings, admission, admit }
}

test('a burst begins four at a time and in order, the next ones as the first end', async () => {
  const { begun, endings, admit } = setup()
  for (let n = 0; n < 50; n++) admit(n)
  expect(begun).toHaveLength(4)
  endings[1]?.()
  endings[3]?.()
  await sleep(0)
  expect(begun).toEqual(Array.from({ length: 6 }, (_, n) => n))
})

test('while the peer does not read nothing more begins, and then all goes on', async () => {
  const { state, begun, endings, admission, admit } = setup()
  state.open = false
  for (let n = 0; n < 3; n++) admit(n)
  await sleep(250)
  expect(begun).toEqual([])
  state.open = true
  admission.pump()
  expect(begun).toEqual([0, 1, 2])
  for (const end of endings) end()
})

test('calls that never end keep the others back for a moment only', async () => {
  const { begun, admit } = setup()
  for (let n = 0; n < 12; n++) admit(n)
  await sleep(500)
  expect(begun).toHaveLength(12)
})

test('what had not begun when the connection ended never begins', async () => {
  const { begun, endings, admission, admit } = setup()
  for (let n = 0; n < 20; n++) admit(n)
  admission.clear()
  for (const end of endings) end()
  await sleep(150)
  expect(begun).toHaveLength(4)
})
