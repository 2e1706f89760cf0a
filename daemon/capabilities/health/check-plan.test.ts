import { expect, test } from 'vitest'
import { toHealth } from '../../config/health-config.ts'
import { planChecks, targetText, type PlannedCheck } from './check-plan.ts'
import { appOn } from './health.fixture.ts'

const shown = (plans: readonly PlannedCheck[]) =>
  plans.map((plan) => [plan.check, targetText(plan, 3000), plan.source])

test('what an app is decides what is checked without a word about it', () => {
  expect(shown(planChecks(appOn(3000, { health: null })))).toEqual([
    ['http', 'GET http://localhost:3000/health', 'found'],
    ['process', 'the process of shop', 'found'],
  ])
  expect(shown(planChecks(appOn(3000, { path: null })))).toEqual([
    ['port', 'TCP localhost:3000', 'found'],
    ['process', 'the process of shop', 'found'],
  ])
  expect(shown(planChecks(appOn(null, { path: null, takesPort: false })))).toEqual([
    ['process', 'the process of shop', 'found'],
  ])
  expect(shown(planChecks(appOn(3000, { path: null, composed: true })))).toEqual([
    ['containers', 'the containers of shop', 'found'],
  ])
  expect(planChecks(appOn(3000, { health: toHealth({ enabled: false }) }))).toEqual([])
  expect(planChecks(appOn(3000, { broken: true }))).toEqual([])
})

test('what is said once counts for all that do not say otherwise, and for no process', () => {
  const health = toHealth({
    interval: 30_000,
    failures: { count: 3, of: 5 },
    severity: 'warning',
    checks: {
      slow: { path: '/slow?token=x', interval: 60_000, severity: 'critical' },
      process: { process: true, failures: { count: 2, of: 2 } },
      db: { database: 'main' },
    },
  })
  const plans = planChecks(appOn(3000, { health }))
  expect(
    plans.map(({ check, intervalMs, rule, severity }) => [check, intervalMs, rule.failures.count, severity]),
  ).toEqual([
    ['http', 30_000, 3, 'warning'],
    ['slow', 60_000, 3, 'critical'],
    ['process', 30_000, 2, 'warning'],
    ['db', 30_000, 3, 'warning'],
  ])
  expect(plans.map((plan) => targetText(plan, 3000))[1]).toBe('GET http://localhost:3000/slow')
  const [, found] = planChecks(
    appOn(3000, { health: toHealth({ interval: 30_000, failures: { count: 9, of: 9 } }) }),
  )
  expect(found).toMatchObject({ check: 'process', intervalMs: 5000, rule: { failures: { count: 1, of: 1 } } })
})

test('of an environment what names an address is checked, always', () => {
  const health = toHealth({
    url: 'https://shop.example.com/health',
    checks: { cache: { tcp: { host: '::1', port: 6379 } }, own: { path: '/x' }, self: { process: true } },
  })
  const plans = planChecks(
    appOn(null, {
      path: null,
      takesPort: false,
      health: toHealth({ enabled: false }),
      environments: [{ name: 'production', health }],
    }),
  )
  expect(plans.map((plan) => [plan.environment, plan.check, plan.always, targetText(plan, null)])).toEqual([
    ['production', 'http', true, 'GET https://shop.example.com/health'],
    ['production', 'cache', true, 'TCP [::1]:6379'],
  ])
})
