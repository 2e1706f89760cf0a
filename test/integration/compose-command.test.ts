import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withChange } from '../support/change.ts'
import { ComposeCommand } from '../../daemon/adapters/docker/compose-command.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-compose-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('compose that could not be run once is looked for again', async () => {
  const docker = join(folder, 'docker')
  writeFileSync(docker, '#!/bin/sh\necho "$@"\n', { mode: 0o644 })
  const command = new ComposeCommand((text) => text)
  const output = join(folder, 'output.log')
  const project = { name: 'shop', folder, environment: { PATH: folder }, output }
  const up = () => withChange((change) => command.up(change, project))
  await expect(up()).rejects.toMatchObject({ code: 'engine-unavailable' })
  chmodSync(docker, 0o755)
  await up()
  expect(readFileSync(output, 'utf8')).toContain('compose --project-name shop up')
})
