import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inRoot, root } from '../support/paths.ts'
import { violationsIn } from './boundaries.ts'
import { rules, startsPrograms } from './rules.ts'

/** Everything that ships. A test beside its code may import what it likes. */
const files = globSync('{daemon,extension,migrations,webviews,bin}/**/*.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  // Tests and what only tests use are in no bundle.
  .filter((file) => !file.endsWith('.test.ts') && !file.endsWith('.fixture.ts'))

const violation = (file: string, text: string) => violationsIn(new Map([[file, text]]))

test.each([
  ['daemon/contract/x.ts', "import { join } from 'node:path'"],
  ['daemon/contract/x.ts', "import { Failure } from '#base/failure.ts'"],
  ['daemon/contract/x.ts', "import type { Failure } from '../base/failure.ts'"],
  ['daemon/base/x.ts', "import WebSocket from 'ws'"],
  ['daemon/client/x.ts', "import type { Change } from '../kernel/execute.ts'"],
  ['daemon/kernel/x.ts', "import Database from 'better-sqlite3'"],
  ['daemon/adapters/git/x.ts', "import { LinuxHost } from '../host/linux-host.ts'"],
  ['daemon/adapters/cloud/x.ts', "import { join } from 'node:path'"],
  ['daemon/capabilities/apps/x.ts', "import type { Lease } from '../leases/leases-store.ts'"],
  ['daemon/capabilities/apps/x.ts', "type Lease = import('../leases/leases-store.ts').Lease"],
  ['daemon/capabilities/apps/x.ts', "import { LinuxHost } from '../../adapters/host/linux-host.ts'"],
  ['daemon/capabilities/apps/x.ts', "export * from '../../adapters/docker/dockerode-engine.ts'"],
  ['daemon/capabilities/apps/apps-store.ts', "import { SqliteDialect, sql } from 'kysely'"],
  ['daemon/capabilities/apps/apps-store.ts', "import * as kysely from 'kysely'"],
  ['daemon/capabilities/apps/apps-service.ts', "import type { Kysely } from 'kysely'"],
  ['daemon/capabilities/apps/x.ts', "import { spawn } from 'node:child_process'"],
  ['daemon/client/launch.ts', "import { exec } from 'node:child_process'"],
  ['daemon/client/launch.ts', "import * as processes from 'node:child_process'"],
  ['daemon/cli/x.ts', "const run = await import('../run.ts')"],
  ['daemon/cli/x.ts', "const driver = require('better-sqlite3')"],
  ['daemon/odd/x.ts', ''],
  ['extension/views/x.ts', "import { openStore } from '../../daemon/store/open.ts'"],
  ['extension/views/x.ts', "import * as z from 'zod'"],
  ['webviews/ui/x.ts', "import * as vscode from 'vscode'"],
  ['webviews/ui/x.ts', "import { readFile } from 'node:fs/promises'"],
  ['webviews/ui/x.ts', "import { logsMethods } from '#contract/index.ts'"],
  ['webviews/ui/x.ts', "import { line } from '../logs/row.ts'"],
  ['extension/views/x.ts', "import { h } from '../../webviews/ui/dom.ts'"],
])('in %s, `%s` is found', (file, text) => {
  expect(violation(file, text)).toHaveLength(1)
})

test.each([
  ['daemon/contract/x.ts', "import * as z from 'zod'"],
  ['daemon/capabilities/apps/x.ts', "import type { Change } from '../../kernel/execute.ts'"],
  ['daemon/capabilities/apps/apps-store.ts', "import { sql, type Kysely } from 'kysely'"],
  ['daemon/composition.ts', "import { LinuxHost } from './adapters/host/linux-host.ts'"],
  ['extension/views/x.ts', "import { connectLocal } from '#client/connect.ts'"],
  ['extension/views/x.ts', "import { fromPageOf } from '../../webviews/logs/messages.ts'"],
  ['webviews/logs/x.ts', "import { parseLogQuery } from '#contract/log-query.ts'"],
  ['webviews/logs/x.ts', "import { h } from '../ui/dom.ts'"],
])('in %s, `%s` is allowed', (file, text) => {
  expect(violation(file, text)).toEqual([])
})

test('a specifier that is made at run time is refused, because nobody can check it', () => {
  expect(() => violation('daemon/cli/x.ts', 'await import(process.argv[2])')).toThrow(/only running it shows/)
})

/** `shell: true` and the like, as an option of whatever starts a program. */
const asksForShell = (text: string): boolean => /\bshell\s*:/.test(text)

test('no program is started through a shell', () => {
  expect(asksForShell("spawn('git', args, { shell: true })")).toBe(true)
  const starters = Object.keys(startsPrograms)
  expect(starters.filter((file) => asksForShell(readFileSync(inRoot(file), 'utf8')))).toEqual([])
})

test('every file that ships keeps to the rules of its folder', () => {
  expect(files.length).toBeGreaterThan(100)
  expect(violationsIn(new Map(files.map((file) => [file, readFileSync(inRoot(file), 'utf8')])))).toEqual([])
})

test('no rule is left over from a folder or a file that is gone', () => {
  const used = (folder: string) => globSync(`${folder}/*.ts`, { cwd: root }).length > 0
  expect(rules.map(({ folder }) => folder).filter((folder) => !used(folder))).toEqual([])
  expect(Object.keys(startsPrograms).filter((file) => !files.includes(file))).toEqual([])
})
