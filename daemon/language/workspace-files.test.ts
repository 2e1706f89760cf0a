import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOutline } from './outline-reader.ts'
import { WorkspaceFiles } from './workspace-files.ts'

describe('what a configuration names', () => {
  let parent: string
  let root: string
  beforeAll(() => {
    parent = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-language-')))
    root = path.join(parent, 'workspace')
    for (const folder of ['workspace/web', 'workspace/api/logs', 'outside'])
      mkdirSync(path.join(parent, folder), { recursive: true })
    writeFileSync(path.join(root, 'api/quantum.config.yml'), '')
    writeFileSync(path.join(parent, 'outside/quantum.config.yaml'), '')
    symlinkSync(path.join(parent, 'outside'), path.join(root, 'link'))
  })
  afterAll(() => rmSync(parent, { recursive: true, force: true }))

  const missing = async (text: string, folders = [root]) => {
    const problems = await new WorkspaceFiles(folders).missing(
      readOutline(text),
      path.join(root, 'web/quantum.config.yaml'),
    )
    return problems.map(({ message, start, end }) => `${message} at ${text.slice(start, end)}`)
  }

  test('is missing where there is no such folder in the workspace', async () => {
    expect(await missing('admin: { include: [../api, ../gone, ".", ../api/quantum.config.yml] }')).toEqual([
      'There is no folder ../gone at ../gone',
      'There is no folder ../api/quantum.config.yml at ../api/quantum.config.yml',
    ])
  })

  test('is the folder of a log file, without its pattern', async () => {
    const sources = (...files: readonly string[]) =>
      `admin:\n  logs:\n    sources:\n${files.map((file) => `      - file: "${file}"\n`).join('')}      - container: db\n`
    expect(await missing(sources('../api/logs/*.log', '../api/*/x.log', 'app.log', '*.log'))).toEqual([])
    expect(await missing(sources('logs/*.log', 'gone/*/app.log'))).toEqual([
      'There is no folder logs at "logs/*.log"',
      'There is no folder gone at "gone/*/app.log"',
    ])
  })

  test('is not looked at outside of the workspace, with variables in it, or without a trusted workspace', async () => {
    const text =
      'admin: { include: [../../gone, /gone, "${HOME}/gone", ../link/gone], logs: { sources: [{ file: /gone/x.log }] } }'
    expect(await missing(text)).toEqual([])
    expect(await missing('admin: { include: [gone] }', [])).toEqual([])
  })

  test('is found as a configuration in the workspace only', async () => {
    const files = new WorkspaceFiles([root])
    expect(await files.configurationIn(path.join(root, 'api'))).toBe(
      path.join(root, 'api/quantum.config.yml'),
    )
    expect(await files.configurationIn(path.join(root, 'web'))).toBeNull()
    expect(await files.configurationIn(path.join(parent, 'outside'))).toBeNull()
    expect(await files.configurationIn(path.join(root, 'link'))).toBeNull()
    expect(await new WorkspaceFiles([]).configurationIn(path.join(root, 'api'))).toBeNull()
  })
})
