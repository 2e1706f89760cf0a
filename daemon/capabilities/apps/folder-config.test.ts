import { rmSync, symlinkSync, truncateSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { packageJson, useFolder } from './folders.fixture.ts'

const { at, fill, appIn } = useFolder()

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
      include: [at('api'), '/srv/web'],
    })
  })

  test('gives a Quantum app the port of its server, and an app of another kind not', async () => {
    fill({ 'quantum.config.yaml': 'server: { port: 9001 }', 'components/x.q': '' })
    expect((await appIn())?.port).toEqual({
      value: 9001,
      source: 'config',
      where: 'quantum.config.yaml, server.port',
    })
    rmSync(at('components'), { recursive: true })
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
        file: at('quantum.config.yaml'),
      })
    },
  )

  test('that is broken makes an app also where nothing else is, so that somebody sees it', async () => {
    fill({ 'quantum.config.yaml': 'admin: [' })
    expect(await appIn()).toMatchObject({ kind: 'configured', command: null })
  })

  test('that is too large or cannot be read keeps its app from being run', async () => {
    fill({ 'index.html': '', 'quantum.config.yaml': 'admin: {}\n' })
    truncateSync(at('quantum.config.yaml'), 2_000_000)
    expect(await appIn()).toMatchObject({ kind: 'static', command: null })
    rmSync(at('quantum.config.yaml'))
    symlinkSync('/dev/null', at('quantum.config.yaml'))
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
      problems: [{ severity: 'warning', file: at('quantum.config.yml') }],
    })
  })
})
