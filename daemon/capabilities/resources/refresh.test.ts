import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { Pace } from './pace.ts'
import { Refresh, type LookReason, type Sign } from './refresh.ts'

let life = new Lifetime()
afterEach(async () => {
  await life.dispose()
  life = new Lifetime()
})

/** A source that changes by itself and whose looks take a while, as the machine's do. */
function setup(
  options: {
    readonly lookMs?: number
    readonly interval?: () => number
    readonly costMs?: number
    readonly sign?: Sign
  } = {},
) {
  const looks: { readonly reason: LookReason; readonly began: number; ended: number }[] = []
  const errors: unknown[] = []
  const machine = { value: 0, seen: -1, running: 0, fails: false }
  const refresh = life.own(
    new Refresh({
      clock: systemClock,
      pace: new Pace(0.01),
      ...(options.sign && { sign: options.sign }),
      interval: options.interval ?? (() => 1_000_000),
      report: (error) => errors.push(error),
      look: async (reason) => {
        const look = { reason, began: systemClock.monotonic(), ended: 0 }
        looks.push(look)
        expect(++machine.running).toBe(1)
        const { value } = machine
        await wait(options.lookMs ?? 5)
        machine.running--
        if (machine.fails) throw new Error('the machine is gone')
        machine.seen = value
        look.ended = systemClock.monotonic()
        return { costMs: options.costMs ?? 0, changed: false }
      },
    }),
  )
  return { refresh, looks, machine, errors }
}

test('whoever asks gets a look that began after the question, also while an older look runs', async () => {
  const { refresh, looks, machine } = setup({ lookMs: 20 })
  const first = refresh.fresh(0)
  await wait(10)
  machine.value = 1
  await refresh.fresh(0)
  expect(machine.seen).toBe(1)
  await first
  expect(looks).toHaveLength(2)
})

test('all who ask while one look runs share the next', async () => {
  const { refresh, looks, machine } = setup({ lookMs: 20 })
  const first = refresh.fresh(0)
  await wait(5)
  machine.value = 7
  await Promise.all(Array.from({ length: 200 }, () => refresh.fresh(0)))
  await first
  expect(looks).toHaveLength(2)
  expect(machine.seen).toBe(7)
})

test('a picture young enough for the questioner is given without a look, an older one is not', async () => {
  const { refresh, looks } = setup()
  await refresh.fresh(0)
  await refresh.fresh(10_000)
  expect(looks).toHaveLength(1)
  await wait(30)
  await refresh.fresh(25)
  expect(looks).toHaveLength(2)
})

test('a picture counts as old from when its look began, not from when it ended', async () => {
  const { refresh, looks } = setup({ lookMs: 60 })
  await refresh.fresh(0)
  await refresh.fresh(30)
  expect(looks).toHaveLength(2)
})

test('looks come by themselves at the interval, and a new interval takes effect at once', async () => {
  const pace = { interval: 1_000_000 }
  const { refresh, looks } = setup({ lookMs: 0, interval: () => pace.interval })
  refresh.start()
  await wait(30)
  expect(looks).toHaveLength(1)
  pace.interval = 10
  refresh.reschedule()
  await wait(300)
  expect(looks.length).toBeGreaterThan(3)
  expect(looks.every(({ reason }) => reason === 'timer')).toBe(true)
})

test('costly looks come more seldom than the interval', async () => {
  const { refresh, looks } = setup({ lookMs: 0, interval: () => 1, costMs: 40 })
  refresh.start()
  while (looks.length < 4) await wait(5)
  await wait(500)
  expect(looks).toHaveLength(4)
})

test('a look that fails is told to who asked, or reported, and the next one is tried', async () => {
  const { refresh, machine, errors } = setup({ lookMs: 0, interval: () => 5 })
  machine.fails = true
  await expect(refresh.fresh(0)).rejects.toThrow('the machine is gone')
  refresh.start()
  while (errors.length < 2) await wait(5)
  machine.fails = false
  machine.value = 3
  await refresh.fresh(0)
  expect(machine.seen).toBe(3)
})

test('after disposal nothing is looked at any more', async () => {
  const { refresh, looks } = setup({ lookMs: 5, interval: () => 5 })
  refresh.start()
  await wait(40)
  await refresh.dispose()
  const before = looks.length
  await wait(40)
  expect(looks).toHaveLength(before)
  expect(looks.every(({ ended }) => ended > 0)).toBe(true)
})

test('a sign brings the next look forward, and is not asked while nobody needs to know soon', async () => {
  const sign = { every: Number.POSITIVE_INFINITY, given: true, asked: 0 }
  const { refresh, looks } = setup({
    lookMs: 0,
    sign: { interval: () => sign.every, given: () => (sign.asked++, sign.given) },
  })
  await refresh.fresh(0)
  await wait(50)
  expect(sign.asked).toBe(0)
  sign.every = 5
  refresh.reschedule()
  while (looks.length < 3) await wait(5)
  expect(looks.slice(1).every(({ reason }) => reason === 'sign')).toBe(true)
  sign.given = false
  const before = sign.asked
  while (sign.asked < before + 5) await wait(5)
  const after = looks.length
  while (sign.asked < before + 10) await wait(5)
  expect(looks).toHaveLength(after)
})

test('a sign that cannot be asked is reported, and asked again', async () => {
  const { refresh, errors } = setup({
    lookMs: 0,
    sign: {
      interval: () => 5,
      given: () => {
        throw new Error('too many open files')
      },
    },
  })
  await refresh.fresh(0)
  await expect.poll(() => errors.length).toBeGreaterThan(1)
})
