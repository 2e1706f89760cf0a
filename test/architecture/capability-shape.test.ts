import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { inRoot } from '../support/paths.ts'
import { shapeProblems } from './capability-shape.ts'

const folder = inRoot('daemon/capabilities')
const names = globSync('*/', { cwd: folder }).map((name) => path.basename(name))

const read = (name: string) =>
  new Map(
    globSync('*.ts', { cwd: path.join(folder, name) }).map((file) => [
      file,
      readFileSync(path.join(folder, name, file), 'utf8'),
    ]),
  )

describe('the check finds what it is for', () => {
  const complete = { 'apps-service.ts': '', 'apps-handlers.ts': '', 'apps.test.ts': '' }
  const problems = (files: Readonly<Record<string, string>>, contract = true) =>
    shapeProblems({ name: 'apps', contract, files: new Map(Object.entries({ ...complete, ...files })) })

  test('a missing file', () => {
    expect(shapeProblems({ name: 'apps', contract: false, files: new Map() })).toHaveLength(4)
  })

  test('a handler that decides', () => {
    expect(problems({ 'apps-handlers.ts': 'const h = { a: (x) => { if (x) throw x } }' })).toHaveLength(2)
  })

  test('a write without a Change', () => {
    const write = "return this.db.deleteFrom('apps').execute()"
    expect(problems({ 'apps-store.ts': `class S { remove(name: string) { ${write} } }` })).toHaveLength(1)
    expect(problems({ 'apps-store.ts': `class S { remove(c: Change, name: string) { ${write} } }` })).toEqual(
      [],
    )
    const carried = 'interface Removal { readonly change: Change }'
    expect(problems({ 'apps-store.ts': `${carried} class S { remove(r: Removal) { ${write} } }` })).toEqual(
      [],
    )
  })
})

test('there are capabilities to check', () => {
  expect(names.length).toBeGreaterThanOrEqual(5)
})

test.each(names)('%s has the shape of a capability', (name) => {
  const contract = existsSync(inRoot('daemon/contract', `${name}.ts`))
  expect(shapeProblems({ name, contract, files: read(name) })).toEqual([])
})
