import { expect, test } from 'vitest'
import { readConfig } from '../../daemon/config/read-config.ts'
import { configFiles, mutatedConfig } from '../support/config-mutations.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'

// What people do to a file by mistake, ten thousand times in the full run: S16 of the security measures.

const options = { file: 'quantum.config.yaml', environment: { NAME: 'x' } }

test('the files that are mutated are good themselves', () => {
  for (const file of configFiles) expect(readConfig(Buffer.from(file), options).config).not.toBeNull()
})

test('no mutation of a file throws, hangs or is refused without saying where', () => {
  const random = new Random(20_261_122)
  const prototype = Reflect.ownKeys(Object.prototype)
  const durations: number[] = []
  let refused = 0
  for (let round = scale(500, 10_000); round > 0; round--) {
    const bytes = mutatedConfig(random)
    const began = performance.now()
    const { config, problems } = readConfig(bytes, options)
    durations.push(performance.now() - began)
    const errors = problems.filter(({ severity }) => severity === 'error')
    expect(config === null, bytes.toString()).toBe(errors.length > 0)
    for (const { message, line, column } of problems) {
      expect(message, bytes.toString()).toMatch(/\S/)
      expect(line, bytes.toString()).toBeGreaterThan(0)
      expect(column, bytes.toString()).toBeGreaterThan(0)
    }
    if (config === null) refused += 1
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype)
  const p99 = durations.toSorted((a, b) => a - b)[Math.floor(durations.length * 0.99)] ?? 0
  const longest = Math.max(...durations)
  figure(
    'S16',
    `${durations.length} mutations, ${refused} refused, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`,
  )
  expect(refused).toBeGreaterThan(durations.length / 4)
  expect(refused).toBeLessThan(durations.length)
  // However slow the machine, this is far from what a file that hangs would take.
  expect(longest).toBeLessThan(1000)
  if (full) expect(p99).toBeLessThan(50)
})
