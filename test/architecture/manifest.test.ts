import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorKinds } from '#contract/errors.ts'
import { inRoot, root } from '../support/paths.ts'
import { literalsIn, type ExtensionLiterals } from './extension-literals.ts'
import { contributionProblems, translationProblems, type Manifest, type Texts } from './manifest.ts'

const json = (file: string): unknown => JSON.parse(readFileSync(inRoot(file), 'utf8'))
const texts = (pattern: string) =>
  Object.fromEntries(globSync(pattern, { cwd: root }).map((file) => [file, json(file) as Texts]))

describe('the check finds what it is for', () => {
  const code = (source: string): ExtensionLiterals => literalsIn(new Map([['settings.ts', source]]))
  const problems = (contributes: Manifest['contributes'], source: string) =>
    contributionProblems({ contributes }, code(source))

  test.each([
    ['a command that nothing handles', { commands: [{ command: 'quantumAdmin.x' }] }, ''],
    ['a handler that nothing offers', {}, "table({ 'quantumAdmin.x': () => 1 })"],
    ['a view that nothing fills', { views: { side: [{ id: 'quantumAdmin.x' }] } }, ''],
    ['a view that is not contributed', {}, "window.createTreeView('quantumAdmin.x', {})"],
    ['a setting that nothing reads', { configuration: { properties: { 'quantumAdmin.x.y': {} } } }, ''],
    ['a setting that is not contributed', {}, "text('x.y')"],
    ['a menu item without its command', { menus: { place: [{ command: 'quantumAdmin.x' }] } }, ''],
    ['a link to no command', { viewsWelcome: [{ view: 'v', contents: '[a](command:quantumAdmin.x)' }] }, ''],
    ['a condition on no setting', { menus: { place: [{ when: 'config.quantumAdmin.x.y' }] } }, ''],
    ['a condition that nothing sets', { menus: { place: [{ when: 'quantumAdmin.x == 1' }] } }, ''],
  ])('%s', (_, contributes, source) => {
    expect(problems(contributes, source)).not.toEqual([])
  })

  test('a command that is contributed and handled is no problem', () => {
    const contributes = { commands: [{ command: 'quantumAdmin.x' }] }
    expect(problems(contributes, "table({ 'quantumAdmin.x': () => 1 })")).toEqual([])
  })

  test('a key without a text, a text without a key, a lost placeholder and a text that is not translated', () => {
    const manifest = { contributes: {}, title: '%a%' }
    const languages = { en: { b: 'x {0}' }, pt: { b: 'x' } }
    const found = translationProblems(manifest, languages, code("l10n.t('Stop {0}')"), {
      'bundle.pt': { Gone: 'x' },
    })
    expect(found).toEqual([
      'a is missing in en',
      'b stands in en and is not used',
      'a is missing in pt',
      'b stands in pt and is not used',
      'b has other placeholders in pt',
      'Stop {0} is missing in bundle.pt',
      'Gone stands in bundle.pt and is not used',
    ])
  })
})

describe('package.json and the code agree', () => {
  const manifest = json('package.json') as Manifest
  const files = globSync('extension/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  const code = literalsIn(new Map(files.map((file) => [file, readFileSync(inRoot(file), 'utf8')])))

  test('on commands, views, menus, settings and conditions', () => {
    expect(code.handlers.size).toBeGreaterThan(20)
    expect(contributionProblems(manifest, code)).toEqual([])
  })

  test('on every text in English and Brazilian Portuguese', () => {
    const languages = texts('package.nls*.json')
    const bundles = texts('l10n/bundle.l10n.*.json')
    expect(Object.keys(languages)).toEqual(['package.nls.json', 'package.nls.pt-br.json'])
    expect(Object.keys(bundles)).toEqual([expect.stringMatching(/bundle\.l10n\.pt-br\.json$/)])
    // The extension shows the daemon's hints, too, in the reader's language.
    const hints = Object.values(errorKinds).map(({ hint }) => hint)
    const shown = { ...code, texts: new Set([...code.texts, ...hints]) }
    expect(translationProblems(manifest, languages, shown, bundles)).toEqual([])
  })

  test('on files: every picture and page that is named is there', () => {
    const named = [...JSON.stringify(manifest['contributes']).matchAll(/"([\w./-]+\.(?:svg|png|md))"/g)]
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(inRoot(file)))).toEqual([])
  })

  test('in Restricted Mode, where a workspace may set nothing that names a program, a path or a place', () => {
    const { capabilities } = manifest as unknown as {
      readonly capabilities: {
        readonly untrustedWorkspaces: {
          readonly supported: unknown
          readonly restrictedConfigurations: readonly string[]
        }
      }
    }
    expect(capabilities.untrustedWorkspaces.supported).toBe('limited')
    const restricted = new Set(capabilities.untrustedWorkspaces.restrictedConfigurations)
    const settings = [...code.settings].map((name) => `quantumAdmin.${name}`)
    expect(settings.filter((name) => !restricted.has(name))).toEqual([])
  })
})
