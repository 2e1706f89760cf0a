import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { understand } from './found-app.ts'
import { UnderstoodFolders } from './understood.ts'

let folder = ''
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-understood-')))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a folder is understood again when a file or a name in it has changed, and only then', async () => {
  let times = 0
  const folders = new UnderstoodFolders(fileProjects, async (project) => {
    times++
    return understand(project, {})
  })
  const look = async () => [(await folders.of(folder))?.command?.value ?? null, times]
  expect(await look()).toEqual([null, 1])
  writeFileSync(join(folder, 'Procfile'), 'web: one\n')
  expect(await look()).toEqual(['one', 2])
  expect(await look()).toEqual(['one', 2])
  // As long as before, and written within the same tick of the clock.
  writeFileSync(join(folder, 'Procfile'), 'web: two\n')
  expect(await look()).toEqual(['two', 3])
  writeFileSync(join(folder, 'notes.txt'), '')
  expect(await look()).toEqual(['two', 4])
  rmSync(folder, { recursive: true })
  expect(await look()).toEqual([null, 4])
})
