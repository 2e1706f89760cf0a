import { symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { appNamePattern, longestAppName } from '#contract/app-name.ts'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { packageJson, started, useFolder } from './folders.fixture.ts'
import { findApps } from './find-apps.ts'

const { at, fill, relative } = useFolder()
const find = (path = '') => findApps(fileProjects, at(path), {})

describe('the apps of a folder', () => {
  test('are its own and those below it that are no parts of another', async () => {
    fill({
      'package.json': started,
      'public/index.html': '',
      'scripts/main.py': '',
      'lib/package.json': packageJson({ main: 'index.js' }),
      'lib/index.js': '',
      'api/package.json': started,
      'api/docs/index.html': '',
      'jobs/Procfile': 'web: a',
      'deploy/compose.yaml': '',
      'tools/go.mod': '',
      'tools/main.go': '',
      'office/manage.py': '',
      'legacy/quantum.config.yaml': 'admin: { run: { command: a } }',
      'plain/quantum.config.yaml': 'server: { port: 1 }',
      'plain/index.html': '',
      'one/two/three/package.json': started,
      'one/two/three/four/package.json': started,
      'node_modules/x/package.json': started,
    })
    const { apps, problems } = await find()
    expect(relative(apps)).toEqual([
      '.',
      'api',
      'deploy',
      'jobs',
      'legacy',
      'office',
      'tools',
      'one/two/three',
    ])
    expect(problems).toEqual([])
  })

  test('are of any kind where the folder is no app itself', async () => {
    fill({ 'site/index.html': '', 'tool/main.py': '', 'tool/web/index.html': '', 'notes/readme': '' })
    expect(relative((await find()).apps)).toEqual(['site', 'tool'])
  })

  test('are those that include names, and theirs, also in a circle', async () => {
    fill({
      'root/quantum.config.yaml': 'admin: { include: [./api, ./web] }',
      'root/other/package.json': started,
      'root/web/index.html': '',
      'root/web/quantum.config.yaml': 'admin: { include: [.., ../api, ./deep] }',
      'root/web/deep/index.html': '',
      'root/api/package.json': started,
      'root/api/other/package.json': started,
    })
    const { apps, problems } = await find('root')
    expect(relative(apps)).toEqual(['root/api', 'root/web', 'root/web/deep'])
    expect(problems).toEqual([])
  })

  test('are none that include names outside of the folder, also not by a link, and that is told', async () => {
    fill({
      'root/quantum.config.yaml': 'admin: { include: [../api, ./link, ./web] }',
      'root/web/index.html': '',
      'root-too/index.html': '',
      'api/package.json': started,
    })
    symlinkSync(at('root-too'), at('root/link'))
    const { apps, problems } = await find('root')
    expect(relative(apps)).toEqual(['root/web'])
    expect(problems).toMatchObject([
      {
        severity: 'error',
        message: expect.stringMatching(/api, which is outside of .*root; add it by itself$/),
      },
      { severity: 'error', message: expect.stringMatching(/link, which is outside of/) },
    ])
  })

  test('include the one that names the others, where it says how it is run', async () => {
    fill({ 'quantum.config.yaml': 'admin: { run: { command: a }, include: [./web] }', 'web/index.html': '' })
    expect(relative((await find()).apps)).toEqual(['.', 'web'])
  })

  test('are searched by the list of a folder below that has one', async () => {
    fill({
      'group/quantum.config.yaml': 'admin: { include: [./a] }',
      'group/a/index.html': '',
      'group/b/index.html': '',
      'z/index.html': '',
    })
    expect(relative((await find()).apps)).toEqual(['group/a', 'z'])
  })

  test('leave out what include names wrongly, and that is told', async () => {
    fill({
      'quantum.config.yaml': 'admin: { include: [./gone, ./empty, ./web] }',
      'empty/': '',
      'web/index.html': '',
    })
    const { apps, problems } = await find()
    expect(relative(apps)).toEqual(['web'])
    expect(problems).toEqual([
      expect.objectContaining({
        severity: 'error',
        message: expect.stringContaining(at('gone')),
        file: at('quantum.config.yaml'),
      }),
      expect.objectContaining({
        severity: 'warning',
        message: expect.stringContaining(at('empty')),
      }),
    ])
  })

  test('are none in a folder that is gone, and that is told', async () => {
    const { apps, problems } = await find('gone')
    expect(apps).toEqual([])
    expect(problems).toMatchObject([
      { severity: 'error', message: `${at('gone')} is no folder that can be read` },
    ])
  })

  test('tell what is wrong with a folder that holds none', async () => {
    fill({ 'package.json': '{' })
    expect(await find()).toMatchObject({
      apps: [],
      problems: [{ file: at('package.json'), line: 1 }],
    })
  })

  test('are 500 at most, and that is told', async () => {
    for (let name = 0; name < 510; name++) fill({ [`${name}/index.html`]: '' })
    const { apps, problems } = await find()
    expect(apps).toHaveLength(500)
    expect(problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('500 apps') }])
  })
})

describe('two apps of one name', () => {
  test('are told apart by the folder above, and nobody loses a name that is theirs', async () => {
    const shop = packageJson({ name: 'shop', scripts: { start: 'a' } })
    fill({
      'a/shop/package.json': shop,
      'b/shop/package.json': shop,
      'c/b/next/package.json': shop,
      'd/b-shop/package.json': packageJson({ scripts: { start: 'a' } }),
      'e/next/package.json': shop,
      'f/package.json': packageJson({ name: 'x'.repeat(100), scripts: { start: 'a' } }),
      'g/package.json': packageJson({ name: 'x'.repeat(100), scripts: { start: 'a' } }),
    })
    const { apps } = await find()
    const names = Object.fromEntries(apps.map((app) => [app.folder.slice(at().length + 1), app.name]))
    expect(names).toMatchObject({
      'a/shop': 'shop',
      'b/shop': 'b-shop-2',
      'c/b/next': 'b-shop-3',
      'd/b-shop': 'b-shop',
      'e/next': 'e-shop',
    })
    expect(new Set(apps.map((app) => app.name)).size).toBe(7)
    for (const { name } of apps) {
      expect(name).toMatch(appNamePattern)
      expect(name.length).toBeLessThanOrEqual(longestAppName)
    }
    const second = apps.find((app) => app.name === 'b-shop-2')
    const [problem] = second?.problems ?? []
    expect(problem?.severity).toBe('error')
    expect(problem?.message).toContain(at('a/shop'))
    expect(problem?.message).toContain(at('b/shop'))
  })
})
