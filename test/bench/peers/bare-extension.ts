import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The view container of {@link makeBareExtension}, its tree, and how its one row begins. */
export const bare = { container: 'Bare', view: 'Rows', row: /^:1 / } as const

/**
 * Makes the least extension that shows a tree: no dependencies, no daemon, one row that never changes. What it takes
 * until that row is drawn is VS Code's own share of what ours takes.
 * @returns its folder, which the caller removes.
 */
export function makeBareExtension(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-bare-'))
  const manifest = {
    name: 'bare',
    publisher: 'quantum-admin-bench',
    version: '1.0.0',
    engines: { vscode: '^1.90.0' },
    main: './extension.js',
    extensionKind: ['workspace'],
    contributes: {
      viewsContainers: { activitybar: [{ id: 'bare', title: bare.container, icon: 'icon.svg' }] },
      views: { bare: [{ id: 'bare.rows', name: bare.view }] },
    },
  }
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    path.join(folder, 'icon.svg'),
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>',
  )
  writeFileSync(
    path.join(folder, 'extension.js'),
    `const { window, TreeItem } = require('vscode')
exports.activate = () => window.registerTreeDataProvider('bare.rows', {
  getChildren: (row) => (row === undefined ? [':1 bare'] : []),
  getTreeItem: (row) => new TreeItem(row),
})
`,
  )
  return folder
}
