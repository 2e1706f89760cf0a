import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderConfigFiles as configs } from '../../daemon/adapters/project/folder-config-files.ts'
import { withChange } from '../support/change.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qa-configs-'))
  file = path.join(folder, 'quantum.config.yaml')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const replace = (before: Awaited<ReturnType<typeof configs.read>>, text: string) =>
  withChange((change) => configs.replace(change, folder, before, text))

test('a text takes the place of what was read in one step, with the same permissions', async () => {
  expect(await configs.read(folder)).toBeNull()
  expect(await replace(null, 'a: 1\n')).toBe(file)
  const before = await configs.read(folder)
  expect(before).toEqual({ file, text: 'a: 1\n' })
  chmodSync(file, 0o604)
  const { ino } = statSync(file)
  await replace(before, '\ufeffa: 2\r\n')
  expect((await configs.read(folder))?.text).toBe('\ufeffa: 2\r\n')
  expect([statSync(file).mode & 0o777, readdirSync(folder)]).toEqual([0o604, ['quantum.config.yaml']])
  // Whoever has the old one open reads on in it.
  expect(statSync(file).ino).not.toBe(ino)
})

test('what somebody wrote meanwhile stays, whether there was a file before or not', async () => {
  writeFileSync(file, 'theirs: 1\n')
  await expect(replace(null, 'ours: 1\n')).rejects.toMatchObject({ code: 'conflict' })
  const before = await configs.read(folder)
  writeFileSync(file, 'theirs: 2\n')
  await expect(replace(before, 'ours: 1\n')).rejects.toMatchObject({ code: 'conflict' })
  rmSync(file)
  await expect(replace(before, 'ours: 1\n')).rejects.toMatchObject({ code: 'conflict' })
  writeFileSync(`${file.slice(0, -4)}yml`, 'other: 1\n')
  expect((await configs.read(folder))?.file).toBe(path.join(folder, 'quantum.config.yml'))
  expect(readdirSync(folder)).toEqual(['quantum.config.yml'])
})

test.each([
  ['a link', () => symlinkSync('/etc/hostname', file)],
  ['a pipe', () => execFileSync('mkfifo', [file])],
  ['no text', () => writeFileSync(file, Buffer.from([0xff, 0xfe]))],
  ['too long', () => writeFileSync(file, 'x'.repeat(1024 * 1024 + 1))],
])('%s is not read, and stays as it is', async (_, make) => {
  make()
  const before = statSync(file, { bigint: true })
  await expect(configs.read(folder)).rejects.toMatchObject({ code: 'conflict' })
  await expect(replace(null, 'a: 1\n')).rejects.toMatchObject({ code: 'conflict' })
  expect(statSync(file, { bigint: true }).mtimeNs).toBe(before.mtimeNs)
  expect(readdirSync(folder)).toEqual(['quantum.config.yaml'])
})

test('where nothing can be written, that is said, and nothing is left behind', async () => {
  writeFileSync(file, 'a: 1\n')
  const before = await configs.read(folder)
  const gone = path.join(folder, 'gone')
  await expect(withChange((change) => configs.replace(change, gone, null, 'a: 2\n'))).rejects.toMatchObject({
    code: 'permission-denied',
  })
  expect([readFileSync(file, 'utf8'), before?.text]).toEqual(['a: 1\n', 'a: 1\n'])
})
