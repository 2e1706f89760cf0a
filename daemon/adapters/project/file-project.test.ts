import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileProjects } from './file-project.ts'
import { mostBytes, mostFolders, mostNames } from './project.ts'

const look = (path: string) => fileProjects.look(path)
const below = (path: string, depth: number) => fileProjects.below(path, depth)
let folder = ''

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-project-')))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (path: string, text = '') => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const link = (target: string, path: string) => symlinkSync(target, join(folder, path))
const foldersBelow = async (depth: number) =>
  (await below(folder, depth)).map((path) => path.slice(folder.length + 1))

test('a folder is told with its names, its components and the files that say what it is', async () => {
  write('package.json', '{"name":"shop"}')
  write('README.md', 'read me')
  write('.env', 'SECRET=1')
  write('components/cart.q')
  write('components/admin/users.q')
  write('src/deep/app.py')
  const project = await look(folder)
  expect(project?.folder).toBe(folder)
  expect(project?.names).toEqual([
    '.env',
    'README.md',
    'components/',
    'components/admin/',
    'components/cart.q',
    'package.json',
    'src/',
  ])
  expect([...(project?.files ?? [])]).toEqual([['package.json', Buffer.from('{"name":"shop"}')]])
})

test('there is nothing to tell of what is no folder, is gone, or leads to itself', async () => {
  write('file')
  link('loop', 'loop')
  execFileSync('mkfifo', [join(folder, 'pipe')])
  for (const name of ['file', 'gone', 'loop', 'pipe', 'bad\0name']) {
    expect(await look(join(folder, name))).toBeNull()
    expect(await below(join(folder, name), 3)).toEqual([])
  }
})

test.skipIf(process.getuid?.() === 0)(
  'a folder that is not ours to read is none, and those beside it count',
  async () => {
    write('closed/inner/package.json')
    write('open/inner/package.json')
    chmodSync(join(folder, 'closed'), 0)
    try {
      expect(await look(join(folder, 'closed'))).toBeNull()
      expect(await foldersBelow(2)).toEqual(['closed', 'open', 'open/inner'])
    } finally {
      chmodSync(join(folder, 'closed'), 0o700)
    }
  },
)

test.skipIf(process.getuid?.() === 0)(
  'a file that is not ours to read is named, and its bytes are absent',
  async () => {
    write('package.json', '{}')
    chmodSync(join(folder, 'package.json'), 0)
    expect(await look(folder)).toEqual({ folder, names: ['package.json'], files: new Map() })
  },
)

test('a pipe, a device and a folder in the place of a file are not read, and nothing waits for them', async () => {
  execFileSync('mkfifo', [join(folder, 'Procfile')])
  link('/dev/zero', 'app.py')
  link('Procfile', 'main.py')
  write('package.json/index.js')
  const project = await look(folder)
  expect(project?.names).toEqual(['Procfile', 'app.py', 'main.py', 'package.json/'])
  expect(project?.files.size).toBe(0)
})

test('a link to a file or a folder counts as what it leads to, and one to nowhere is a name only', async () => {
  write('real/settings.json', '{}')
  write('real/home.q')
  link('real/settings.json', 'package.json')
  link('real', 'components')
  link('nowhere', 'go.mod')
  const project = await look(folder)
  expect(project?.names).toEqual([
    'components/',
    'components/home.q',
    'components/settings.json',
    'go.mod',
    'package.json',
    'real/',
  ])
  expect([...(project?.files.keys() ?? [])]).toEqual(['package.json'])
})

test('a folder that is reached through a link is told by its real path', async () => {
  write('real/inner/package.json', '{}')
  link('real', 'link')
  expect((await look(join(folder, 'link/inner')))?.folder).toBe(join(folder, 'real/inner'))
  expect(await below(join(folder, 'link'), 1)).toEqual([join(folder, 'real/inner')])
})

test('of a large file 1 MiB and one byte are read, so that the reader sees that it is too large', async () => {
  write('package.json', '{')
  truncateSync(join(folder, 'package.json'), 5_000_000)
  const bytes = (await look(folder))?.files.get('package.json')
  expect(bytes).toHaveLength(mostBytes)
  expect(bytes?.[0]).toBe('{'.charCodeAt(0))
})

test('a folder that is full of something else is read up to a bound', async () => {
  for (let name = 0; name < mostNames + 10; name++) writeFileSync(join(folder, `${name}.log`), '')
  expect((await look(folder))?.names).toHaveLength(mostNames)
})

test('the folders below are told down to the depth that was asked for, the near ones first', async () => {
  for (const path of ['b/c/d/e', 'a/z']) mkdirSync(join(folder, path), { recursive: true })
  write('file')
  expect(await foldersBelow(3)).toEqual(['a', 'b', 'a/z', 'b/c', 'b/c/d'])
  expect(await foldersBelow(1)).toEqual(['a', 'b'])
  expect(await foldersBelow(0)).toEqual([])
})

test('hidden folders, installed and built things, and links are not searched', async () => {
  const skipped = [
    '.git',
    '.venv',
    'node_modules',
    'vendor',
    'dist',
    'build',
    'target',
    '__pycache__',
    'venv',
  ]
  for (const name of [...skipped, 'services']) mkdirSync(join(folder, name, 'inner'), { recursive: true })
  link('services', 'link')
  link('..', 'services/up')
  expect(await foldersBelow(3)).toEqual(['services', 'services/inner'])
})

test('a search gives a bounded number of folders', async () => {
  for (let name = 0; name < mostFolders + 10; name++) mkdirSync(join(folder, `${name}`))
  expect(await below(folder, 3)).toHaveLength(mostFolders)
})
