import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

/** Work takes as long as a test says. */
function setup() {
  const time = { ms: 0 }
  return { turns: new Turns(() => time.ms), busy: (ms: number) => void (time.ms += ms) }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('work is done at once while the turn has time, and in order over the next turns when it has none', async () => {
  const { turns, busy } = setup()
  const done: number[] = []
  const later = Array.from({ length: 6 }, (_, n) =>
    turns.run(true, () => {
      busy(2)
      done.push(n)
    }),
  )
  expect(done).toEqual([0, 1, 2])
  expect(later.map((promise) => promise === undefined)).toEqual([true, true, true, false, false, false])
  for (const promise of later) await promise
  expect(done).toEqual([0, 1, 2, 3, 4, 5])
})

test('the event loop turns between, and eager work overtakes', async () => {
  const { turns, busy } = setup()
  const done: string[] = []
  void turns.run(false, () => busy(6))
  const patient = [1, 2, 3].map((n) =>
    turns.run(false, () => {
      busy(6)
      done.push(`patient ${n}`)
    }),
  )
  await turn()
  const eager = turns.run(true, () => void done.push('eager'))
  for (const promise of [...patient, eager]) await promise
  expect(done).toEqual(['patient 1', 'eager', 'patient 2', 'patient 3'])
})
