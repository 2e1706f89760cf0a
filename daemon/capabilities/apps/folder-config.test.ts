import { rmSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { packageJson, TemporaryFolder } from './folders.fixture.ts'
import { understand } from './found-app.ts'

let temporary: TemporaryFolder
let folder = ''

beforeEach(() => {
  temporary = new TemporaryFolder()
  folder = temporary.path
})
afterEach(() => temporary[Symbol.dispose]())

const fill = (files: Readonly<Record<string, string>>) => temporary.fill(files)
const appIn = async (path = '', environment = {}) => {
  const project = await fileProjects.look(join(folder, path))
  if (project === null) throw new Error(`${path} is no folder`)
  return understand(project, environment)
}

describe('the configuration', () => {
  test('overrules what is found', async () => {
    const admin = [
      'admin:',
      '  name: till',
      '  run: { command: make run, port: 9000, env: { MODE: "${MODE}" }, autostart: true, dependsOn: [db] }',
      '  health: { path: /ready }',
      '  include: [./api, /srv/web]',
    ]
    fill({
      'package.json': packageJson({ name: 'shop', scripts: { dev: 'a' } }),
      'quantum.config.yaml': admin.join('\n'),
    })
    const config = (key: string) => ({ source: 'config', where: `quantum.config.yaml, admin.${key}` })
    expect(await appIn('', { MODE: 'fast' })).toMatchObject({
      kind: 'node',
      name: 'till',
      command: { value: 'make run', ...config('run.command') },
      port: { value: 9000, ...config('run.port') },
      health: { value: '/ready', ...config('health.path') },
      env: { MODE: 'fast' },
      autostart: true,
      dependsOn: ['db'],
      include: [join(folder, 'api'), '/srv/web'],
    })
  })

  test('gives a Quantum app the port of its server, and an app of another kind not', async () => {
    fill({ 'quantum.config.yaml': 'server: { port: 9001 }', 'components/x.q': '' })
    expect((await appIn())?.port).toEqual({
      value: 9001,
      source: 'config',
      where: 'quantum.config.yaml, server.port',
    })
    rmSync(join(folder, 'components'), { recursive: true })
    fill({ 'index.html': '' })
    expect((await appIn())?.port).toBeNull()
  })

  test.each(['admin: [', 'admin: { run: { port: no } }'])(
    'that is broken (%s) keeps its app from being run on a guess',
    async (text) => {
      fill({
        'quantum.config.yaml': text,
        'package.json': packageJson({ name: 'shop', scripts: { dev: 'a' } }),
      })
      const app = await appIn()
      expect(app).toMatchObject({ kind: 'node', name: 'shop', command: null })
      expect(app?.problems.length).toBeGreaterThan(1)
      expect(app?.problems.at(-1)).toMatchObject({
        severity: 'error',
        message: expect.stringContaining('cannot be started until quantum.config.yaml is right'),
        file: join(folder, 'quantum.config.yaml'),
      })
    },
  )

  test('that is broken makes an app also where nothing else is, so that somebody sees it', async () => {
    fill({ 'quantum.config.yaml': 'admin: [' })
    expect(await appIn()).toMatchObject({ kind: 'configured', command: null })
  })

  test('that is too large or cannot be read keeps its app from being run', async () => {
    fill({ 'index.html': '', 'quantum.config.yaml': 'admin: {}\n' })
    truncateSync(join(folder, 'quantum.config.yaml'), 2_000_000)
    expect(await appIn()).toMatchObject({ kind: 'static', command: null })
    rmSync(join(folder, 'quantum.config.yaml'))
    symlinkSync('/dev/null', join(folder, 'quantum.config.yaml'))
    expect((await appIn())?.problems[0]?.message).toBe('quantum.config.yaml cannot be read, or it is no file')
  })

  test('that says nothing of how its app is run, where nothing else does, is a problem', async () => {
    fill({ 'quantum.config.yaml': 'admin: { name: shop }' })
    expect(await appIn()).toMatchObject({
      kind: 'configured',
      command: null,
      problems: [{ severity: 'error', message: expect.stringContaining('admin.run.command') }],
    })
  })

  test('is read from one file, and a second one is named', async () => {
    fill({ 'quantum.config.yaml': 'admin: { run: { command: a } }', 'quantum.config.yml': 'admin: [' })
    expect(await appIn()).toMatchObject({
      command: { value: 'a' },
      problems: [{ severity: 'warning', file: join(folder, 'quantum.config.yml') }],
    })
  })
})
