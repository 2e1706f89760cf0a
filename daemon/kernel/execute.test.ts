import { expect, test } from 'vitest'
import type { Actor } from '#contract/audit.ts'
import { contract } from '#contract/index.ts'
import type { AuditTarget } from '#contract/method.ts'
import { systemClock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import { callContext } from './call.fixture.ts'
import { createExecutor, type AuditTrail, type Handlers, type Outcome } from './execute.ts'

/** Records in order what the door does, so that "before" and "after" can be asserted. */
function setup(
  options: {
    readonly role?: 'viewer' | 'operator' | 'admin'
    readonly intentFails?: boolean
    readonly effect?: () => unknown
  } = {},
) {
  const steps: string[] = []
  const outcomes: Outcome[] = []
  const trail: AuditTrail = {
    intent: (_actor: Actor, target: AuditTarget) => {
      if (options.intentFails === true) return Promise.reject(new Failure('audit-unavailable', 'disk full'))
      steps.push(`intent ${target.action} ${target.resource.type}:${target.resource.name}`)
      return Promise.resolve(7)
    },
    outcome: (sequence, outcome) => {
      steps.push(`outcome ${sequence} ${outcome.outcome} ${outcome.errorCode ?? '-'}`)
      outcomes.push(outcome)
      return Promise.resolve()
    },
    record: (_actor, target, code) => {
      steps.push(`refused ${target.resource.name} ${code}`)
      return Promise.resolve()
    },
  }
  const handlers = Object.fromEntries(
    Object.keys(contract).map((name) => [
      name,
      (_params: unknown, change: unknown) => {
        steps.push(`handler ${name} ${change === null ? '' : typeof change}`.trim())
        return options.effect?.() ?? null
      },
    ]),
  ) as unknown as Handlers
  const execute = createExecutor({ handlers, trail, clock: systemClock })
  const controller = new AbortController()
  const context = callContext(options.role ?? 'admin', { signal: controller.signal })
  return {
    steps,
    outcomes,
    controller,
    call: (name: string, params: unknown = {}) => execute(name, params, context),
  }
}

test('a command is written to the trail before its handler runs, and its outcome after', async () => {
  const { call, steps } = setup()
  await call('leases.release', { name: 'shop' })
  expect(steps).toEqual(['intent delete lease:shop', 'handler leases.release object', 'outcome 7 ok -'])
})

test('a command whose intent cannot be written does not run', async () => {
  const { call, steps } = setup({ intentFails: true })
  await expect(call('leases.release', { name: 'shop' })).rejects.toMatchObject({ code: 'audit-unavailable' })
  expect(steps).toEqual([])
})

test('a query runs without a trace on the trail', async () => {
  const { call, steps } = setup()
  await call('leases.list')
  expect(steps).toEqual(['handler leases.list object'])
})

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'ports', 'ports.list '])(
  'the name %j is no method',
  async (name) => {
    const { call, steps } = setup()
    await expect(call(name)).rejects.toMatchObject({ code: 'unknown-method' })
    expect(steps).toEqual([])
  },
)

test('unknown members and wrong types are refused by name, before anything is written', async () => {
  const { call, steps } = setup()
  await expect(call('leases.allocate', { name: 'shop', port: 70_000, extra: 1 })).rejects.toMatchObject({
    code: 'invalid-params',
    message: expect.stringMatching(/port.*extra|extra.*port/s),
  })
  expect(steps).toEqual([])
})

test('a caller without the role is refused, and the attempt is on the trail', async () => {
  const { call, steps } = setup({ role: 'viewer' })
  await expect(call('leases.release', { name: 'shop' })).rejects.toMatchObject({ code: 'forbidden' })
  expect(steps).toEqual(['refused shop forbidden'])
})

test('a handler that fails leaves its code on the trail, a bug leaves internal and is thrown on as it is', async () => {
  const explained = setup({
    effect: () => {
      throw new Failure('conflict', 'taken')
    },
  })
  await expect(explained.call('leases.release', { name: 'a' })).rejects.toMatchObject({ code: 'conflict' })
  expect(explained.steps.at(-1)).toBe('outcome 7 failed conflict')
  const bug = setup({
    effect: () => {
      throw new TypeError('boom')
    },
  })
  await expect(bug.call('leases.release', { name: 'a' })).rejects.toBeInstanceOf(TypeError)
  expect(bug.outcomes[0]).toMatchObject({
    outcome: 'failed',
    errorCode: 'internal',
    details: { error: 'boom' },
  })
})

test('what was cancelled before it began does not run', async () => {
  const { call, steps, controller } = setup()
  controller.abort()
  await expect(call('leases.release', { name: 'a' })).rejects.toMatchObject({ code: 'cancelled' })
  expect(steps).toEqual(['intent delete lease:a', 'outcome 7 failed cancelled'])
})
