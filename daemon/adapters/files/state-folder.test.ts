import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { removeLeftovers, secureSocket, secureStateFolder } from './state-folder.ts'
import { replaceFile } from './write-file.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qa-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const mode = (file: string): string => (lstatSync(file).mode & 0o777).toString(8)

test.runIf(process.platform !== 'win32')(
  'a new state folder is closed to others, and an open one is closed',
  () => {
    const paths = statePaths(path.join(folder, 'deep', 'state'))
    secureStateFolder(paths)
    chmodSync(paths.logs, 0o755)
    writeFileSync(paths.settings, '{}', { mode: 0o644 })
    secureStateFolder(paths)
    expect([paths.home, paths.audit, paths.logs, paths.settings].map(mode)).toEqual([
      '700',
      '700',
      '700',
      '600',
    ])
  },
)

test.runIf(process.platform === 'linux')(
  'a state folder where nothing can be made is refused at once, with its path',
  () => {
    for (const home of ['/proc/qa-state', '/proc/qa-state/deep/er', path.join(process.execPath, 'state')]) {
      const refusal = expect.objectContaining({
        code: 'unsafe-state-folder',
        message: expect.stringContaining(home),
      })
      expect(() => secureStateFolder(statePaths(home))).toThrow(refusal)
    }
  },
)

test('folders that are none of the daemon are left alone, and so is what lies in them', () => {
  const paths = statePaths(folder)
  const own = path.join(folder, 'my-notes')
  mkdirSync(own)
  symlinkSync('/nowhere', path.join(own, 'link'))
  secureStateFolder(paths)
  expect(existsSync(own)).toBe(true)
})

test('leftovers of a killed daemon are removed, and nothing else', () => {
  const paths = statePaths(folder)
  secureStateFolder(paths)
  const kept = ['token', 'notes.tmp', 'token.0123456789ab.tmp.txt', 'daemon.json']
  const left = ['token.0123456789ab.tmp', path.join('audit', 'head.json.ffffffffffff.tmp')]
  for (const name of [...kept, ...left]) writeFileSync(path.join(folder, name), '')
  removeLeftovers(paths)
  expect(kept.every((name) => existsSync(path.join(folder, name)))).toBe(true)
  expect(left.some((name) => existsSync(path.join(folder, name)))).toBe(false)
})

test('only a socket is removed from the place of the socket', () => {
  const socket = path.join(folder, 'daemon.sock')
  writeFileSync(socket, 'mine')
  expect(() => secureSocket(socket)).toThrow(
    expect.objectContaining({ code: 'unsafe-state-folder' }) as Error,
  )
  expect(readFileSync(socket, 'utf8')).toBe('mine')
  rmSync(socket)
  expect(() => secureSocket(socket)).not.toThrow()
})

test.runIf(process.platform !== 'win32')(
  'a file is replaced as a whole, closed to others, and a link is replaced, not followed',
  () => {
    const target = path.join(folder, 'target')
    const file = path.join(folder, 'token')
    writeFileSync(target, 'untouched', { mode: 0o644 })
    symlinkSync(target, file)
    replaceFile(file, 'new', 'of this start')
    expect([readFileSync(file, 'utf8'), mode(file), lstatSync(file).isSymbolicLink()]).toEqual([
      'new',
      '600',
      false,
    ])
    expect([readFileSync(target, 'utf8'), mode(target)]).toEqual(['untouched', '644'])
    expect(() => replaceFile(path.join(folder, 'no', 'such', 'file'), 'x')).toThrow(/ENOENT/)
  },
)
