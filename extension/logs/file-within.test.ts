import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileWithin } from './file-within.ts'

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-within-')))
const root = path.join(folder, 'app')
beforeAll(() => {
  mkdirSync(path.join(root, 'src'), { recursive: true })
  mkdirSync(path.join(folder, 'app-of-others'))
  for (const file of ['app/src/cart.js', 'secret', 'app-of-others/x.js'])
    writeFileSync(path.join(folder, file), '')
  symlinkSync(path.join(folder, 'secret'), path.join(root, 'link.js'))
  symlinkSync(root, path.join(folder, 'alias'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a file within is found by its path, from the folder and through a link to it', async () => {
  const cart = path.join(root, 'src', 'cart.js')
  expect(await fileWithin(cart, [root])).toBe(cart)
  expect(await fileWithin('src/cart.js', ['/nowhere', root])).toBe(cart)
  expect(await fileWithin(path.join(folder, 'alias/src/cart.js'), [root])).toBe(cart)
  expect(await fileWithin(cart, [path.join(folder, 'alias')])).toBe(cart)
})

test.each([
  ['one outside', () => path.join(folder, 'secret')],
  ['one that a link inside leads out to', () => path.join(root, 'link.js')],
  ['one above', () => '../secret'],
  ['one in a folder of a like name', () => path.join(folder, 'app-of-others/x.js')],
  ['a folder', () => path.join(root, 'src')],
  ['the root itself', () => root],
  ['a device', () => '/dev/stdin'],
  ['nothing', () => path.join(root, 'gone.js')],
  ['an impossible name', () => 'a\0b'],
])('%s is not', async (_, file) => expect(await fileWithin(file(), [root])).toBeNull())

test('without a folder nothing is', async () => expect(await fileWithin('/etc/passwd', [])).toBeNull())
