import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inRoot, root } from '../support/paths.ts'

/** What neither the extension nor a page may contain, as each would let a text from outside become more than a text. */
const forbidden: readonly RegExp[] = [
  /\b(?:inner|outer)HTML\b/,
  /\binsertAdjacentHTML\b/,
  /\bdocument\.write/,
  /\beval\(/,
  /\bnew Function\b/,
  /'unsafe-/,
  /\bisTrusted(?: =|:) true/,
  /\benableCommandUris: true/,
  /\bsupportHtml(?: =|:) true/,
  /\bretainContextWhenHidden\b/,
  // A page that may run scripts loads from its own folder only.
  /\benableScripts: true(?!, localResourceRoots: \[pageFolder\()/,
]

const broken = (source: string): readonly string[] =>
  forbidden.filter((rule) => rule.test(source)).map((rule) => rule.source)

test('what pages of the extension must not do is nowhere in the sources', () => {
  const files = globSync(['extension/**/*.ts', 'webviews/**/*.ts'], { cwd: root })
  expect(files.length).toBeGreaterThan(50)
  const found = files.flatMap((file) =>
    broken(readFileSync(inRoot(file), 'utf8')).map((rule) => `${file}: ${rule}`),
  )
  expect(found).toEqual([])
})

test('a page begins with a policy that allows nothing but its own script and its own style', () => {
  const source = readFileSync(inRoot('extension/page-html.ts'), 'utf8')
  const [, policy] = /const policy = `([^`]*)`/.exec(source) ?? []
  // oxlint-disable-next-line no-template-curly-in-string -- it is the source of one.
  expect(policy).toBe("default-src 'none'; script-src 'nonce-${script}'; style-src 'nonce-${style}'")
})

test.each([
  'node.innerHTML = text',
  'text.isTrusted = true',
  '{ enableCommandUris: true }',
  "script-src 'unsafe-inline'",
  'panel.webview.options = { enableScripts: true }',
  '{ enableScripts: true, localResourceRoots: [folder] }',
])('%s is found', (source) => {
  expect(broken(source)).not.toEqual([])
})
