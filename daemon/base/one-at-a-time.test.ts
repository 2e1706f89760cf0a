import { expect, test } from 'vitest'
import { oneAtATime } from './one-at-a-time.ts'

/** Work that takes until it is let go, with how often it was begun. */
function held() {
  const begun: PromiseWithResolvers<void>[] = []
  const work = oneAtATime(() => {
    const one = Promise.withResolvers<void>()
    begun.push(one)
    return one.promise
  })
  return { begun, work }
}

test('whoever asks while it is done waits for one more run, and never for two at once', async () => {
  const { begun, work } = held()
  const asked = [work(), work(), work()]
  expect(begun).toHaveLength(1)
  begun[0]?.resolve()
  await expect.poll(() => begun.length).toBe(2)
  begun[1]?.resolve()
  await Promise.all(asked)
  expect(begun).toHaveLength(2)
  const again = work()
  expect(begun).toHaveLength(3)
  begun[2]?.resolve()
  await again
})

test('what goes wrong is told, unless a later run has gone well', async () => {
  const { begun, work } = held()
  const [first, second] = [work(), work()]
  begun[0]?.reject(new Error('old'))
  await expect.poll(() => begun.length).toBe(2)
  begun[1]?.resolve()
  await Promise.all([first, second])
  const third = work()
  begun[2]?.reject(new Error('new'))
  await expect(third).rejects.toThrow('new')
})
