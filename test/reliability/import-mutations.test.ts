import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Failure } from '#base/failure.ts'
import { readConfig } from '../../daemon/config/read-config.ts'
import { withChecks } from '../../daemon/exchange/config-edit.ts'
import { importChecks } from '../../daemon/exchange/import-checks.ts'
import { mutatedConfig } from '../support/config-mutations.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const folder = new URL('../corpora/monitoring/', import.meta.url)
const corpus = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'))

/** What a hostile or careless program may write where something else belongs. */
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  'x'.repeat(70_000),
  '${HOME} $$ {',
  'javascript:alert(1)',
  'http://[::1',
  '\u0000\u202e\ud800',
  [],
  {},
  [[[]]],
  JSON.parse('{"__proto__":{"polluted":true}}'),
]

/** A backup with something else in one place of it. */
function mutatedJson(root: unknown, random: Random): string {
  const copy = structuredClone(root)
  const places: [Record<string | number, unknown>, string][] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      places.push([value as Record<string, unknown>, key])
      walk(inner)
    }
  }
  walk(copy)
  const [parent, key] = random.pick(places)
  parent[key] = random.pick(odd)
  return JSON.stringify(copy)
}

function monitorsIn(backup: string): number {
  const { monitorList } = JSON.parse(backup) as { readonly monitorList: object }
  return Object.keys(monitorList).length
}

test('whatever stands in a file: each monitor is taken or named with a reason, or the file is refused in words', async () => {
  const random = new Random(20_261_124)
  const many = scale(300, 10_000)
  const backups = corpus.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as unknown)
  const yamls = corpus.filter((text) => !text.startsWith('{'))
  const times: number[] = []
  let refused = 0
  for (let round = 0; round < many; round++) {
    const text =
      round % 2 === 0
        ? mutatedJson(random.pick(backups), random)
        : mutatedConfig(random, yamls).toString('utf8')
    const began = performance.now()
    try {
      const { monitors, checks, yaml } = await importChecks(text, [])
      if (round % 2 === 0) expect(monitors.length).toBe(monitorsIn(text))
      for (const { outcome, check, notes } of monitors) {
        expect(outcome === 'left-out').toBe(check === null)
        if (outcome !== 'mapped') expect(notes.length).toBeGreaterThan(0)
      }
      expect(monitors.filter(({ check }) => check !== null).length).toBe(checks.size)
      const { config, problems } = readConfig(Buffer.from(yaml), { file: 'q.yaml', environment: {} })
      expect([problems, config?.health.checks.length]).toEqual([[], checks.size])
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'invalid-params') throw error
      expect(error.message.length).toBeGreaterThan(5)
      refused++
    }
    times.push(performance.now() - began)
  }
  expect(Object.prototype).not.toHaveProperty('polluted')
  expect(refused).toBeLessThan(many)
  const slowest = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
  figure(
    'import',
    `${many} files, ${refused} refused in words, 0 monitors lost, p99 ${Math.round(slowest)} ms`,
  )
}, 600_000)

test('whatever a configuration is written like: checks get into it and nothing else changes, or it is left alone', () => {
  const random = new Random(7)
  const many = scale(300, 10_000)
  const added = new Map([['orders', { url: 'https://example.com/', expect: '200, 204' }]])
  let written = 0
  for (let round = 0; round < many; round++) {
    const before = round === 0 ? '' : mutatedConfig(random).toString('utf8')
    try {
      const after = withChecks(before, added)
      written++
      // All that stood there stands there still, in its order.
      let at = 0
      for (const line of before.split('\n').filter((one) => one.trim() !== '' && !one.includes('{'))) {
        const found = after.indexOf(line.trim(), at)
        expect([line, found]).not.toEqual([line, -1])
        at = found
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'conflict') throw error
    }
  }
  expect(written).toBeGreaterThan(many / 20)
  figure('import', `${many} configurations, ${written} written, the rest left as they were`)
}, 600_000)
