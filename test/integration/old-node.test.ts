import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inRoot } from '../support/paths.ts'

// A machine may have an old Node.js only, so this one claims to be it: what is tested is what runs before anything else.
const folder = mkdtempSync(path.join(tmpdir(), 'quantum-old-node-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function runAs(version: string, ...args: readonly string[]) {
  const claim = path.join(folder, `node-${version}.cjs`)
  writeFileSync(
    claim,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
  )
  const { status, stderr } = spawnSync(process.execPath, ['--require', claim, ...args], { encoding: 'utf8' })
  return { status, stderr }
}

describe.each(['10.24.1', '18.20.8', '20.20.2', '22.17.9'])('on Node.js %s', (version) => {
  test('the command line says which one it needs, and its code', () => {
    const { status, stderr } = runAs(version, inRoot('bin/quantum-admin.cjs'), 'ports', 'list')
    expect(status).toBe(1)
    expect(stderr).toMatch(
      `quantum-admin: Node.js 22.18 or newer is needed, this is ${version}\ncode: node-too-old\n`,
    )
  })

  test('the command line says so in JSON when asked for JSON', () => {
    const { stderr } = runAs(version, inRoot('bin/quantum-admin.cjs'), 'ports', 'list', '--json')
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'node-too-old' } })
  })

  test('the scripts say how to get a newer one', () => {
    const { status, stderr } = runAs(version, inRoot('test/setup/run.mjs'), 'test/setup/start.ts')
    expect(status).toBe(1)
    expect(stderr).toContain(`This needs Node.js 22.18 or newer and runs on ${version}`)
  })
})

test('the oldest Node.js that is new enough gets past that', () => {
  const { status } = runAs('22.18.0', inRoot('bin/quantum-admin.cjs'), '--version')
  expect(status).toBe(0)
})
