import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { describe, expect, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { hostileNames } from '../support/hostile-names.ts'
import { withPeers } from '../support/peers.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

describe.runIf(withPeers('git') && process.platform === 'linux')('S14', () => {
  test('folders and programs whose names are options or commands are shown, and nothing of them is run', async () => {
    const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-s14-')))
    const canary = path.join(base, 'canary')
    const daemon = await startDaemon({ env: { IFS: ' ' } })
    const client = daemon.client()
    for (const name of hostileNames) {
      const folder = path.join(base, name)
      mkdirSync(folder)
      execFileSync('git', ['init', '--quiet', '--initial-branch=main', '.'], { cwd: folder })
      // A repository's own settings are a stranger's words too.
      execFileSync('git', ['config', 'core.fsmonitor', `touch ${canary}`], { cwd: folder })
      const listen =
        'const s = require("net").createServer().listen(0, "127.0.0.1", () => process.send(s.address().port))'
      const child = spawn(process.execPath, ['-e', listen, '--', name], {
        cwd: folder,
        argv0: name,
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      const [port] = (await once(child, 'message')) as [number]
      const who = await client.call('ports.who', { port })
      expect(who.rows.map(({ pid, cwd }) => [pid, cwd])).toEqual([[child.pid, folder]])
      expect(who.worktree?.path.startsWith(base)).toBe(true)
      await client.call('processes.list', {})
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      await expect(client.call('leases.allocate', { name })).rejects.toMatchObject({ code: 'invalid-params' })
      await expect(client.call('containers.logs', { id: name })).rejects.toMatchObject({
        code: 'invalid-params',
      })
      expect(existsSync(canary)).toBe(false)
      for (const place of [folder, '/', process.cwd()])
        expect(existsSync(path.join(place, 'canary'))).toBe(false)
    }
    figure('S14', `${hostileNames.length} hostile names through git, /proc and the contract: 0 canaries`)
    await client.dispose()
    await daemon.stop()
    rmSync(base, { recursive: true, force: true })
  })
})

const pieces = [
  '\u001b[2J', '\u001b]0;title\u0007', '\u001b]8;;https://evil.example\u001b\\', '\u001bP1$q\u001b\\', '\u009b31m', '\u0085', '\b\b\b', '\0', '\r', '\n', '\r\n', '\t',
  '\u2028', '\u2029', '\u202e', '\u2066', '\u200b', '\ufeff', '\u{e0041}', '=1+1', '+1', '-1', '@SUM(A1)', '"', '""', ',', ';', "'", '|', 'a', ' ', 'é', '🚀', '\ud800', '<script>', '%0d%0a', '{}', '\\n',
] // prettier-ignore

/** What a terminal acts on, or what hides or ends a line, but for the end of ours and what joins emoji. */
const takesEffect = /(?![\n\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Cells of one CSV file (RFC 4180), by record. */
function parseCsv(text: string): string[][] {
  const records: string[][] = []
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/g)) {
    const record = records.at(-1) ?? []
    if (records.length === 0) records.push(record)
    const cell = match[1] ?? ''
    record.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (match[2] === '\r\n') records.push([])
  }
  return records.filter((record) => record.length > 1)
}

test('S18 and S19: whatever a name holds, terminals see plain text, and a record stays one line and one row', async () => {
  const random = new Random(18)
  const count = scale(150, 2000)
  const daemon = await startDaemon()
  const client = daemon.client()
  const names = Array.from({ length: count }, (_, i) =>
    i < pieces.length
      ? `${pieces[i]}tail`
      : Array.from({ length: random.int(1, 12) }, () => random.pick(pieces))
          .join('')
          .slice(0, 300),
  )
  for (const name of names) {
    const params = { pid: 2 ** 31 - 1, startedAt: '2026-01-01T00:00:00.000Z', name }
    await client.call('processes.stop', params).catch(() => {})
  }
  const exported = async (format: 'jsonl' | 'csv'): Promise<string> => {
    const texts: string[] = []
    await client.call(
      'audit.export',
      { format },
      { onPiece: (piece) => texts.push((piece as { text: string }).text) },
    )
    return texts.join('')
  }
  const jsonl = await exported('jsonl')
  const lines = jsonl.split(/[\n\r\u0085\u2028\u2029]/).filter((line) => line !== '')
  for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow()
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(
    records.filter((record) => JSON.stringify(record).includes('"kind":"intent"')).length,
  ).toBeGreaterThanOrEqual(count)

  const rows = parseCsv(await exported('csv'))
  const width = rows[0]?.length
  expect(rows.filter((row) => row.length !== width)).toEqual([])
  expect(rows.length).toBeGreaterThanOrEqual(count)
  const dangerous = rows.flat().filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-?\d+$/.test(cell))
  expect(dangerous).toEqual([])

  const table = await daemon.cli('audit', 'list', '--limit', '1000')
  expect(table.code).toBe(0)
  expect(takesEffect.exec(table.stdout)).toBeNull()
  const coloured = await daemon.cli('audit', 'show', '1')
  expect(takesEffect.exec(coloured.stdout + coloured.stderr)).toBeNull()
  const json = await daemon.cli('audit', 'list', '--limit', '1000', '--json')
  expect(takesEffect.exec(json.stdout)).toBeNull()
  expect(json.stdout.trimEnd().split(/[\n\r\u0085\u2028\u2029]/)).toHaveLength(1)
  const { entries } = JSON.parse(json.stdout) as { entries: { resource: { name: string } }[] }
  // What was shown harmlessly was kept exactly.
  expect(new Set(entries.map(({ resource }) => resource.name)).has(names.at(-1) ?? '')).toBe(true)
  figure('S18', `${count} hostile names in ${table.stdout.length} characters of tables: 0 that take effect`)
  figure('S19', `${lines.length} JSON lines and ${rows.length} CSV rows: 0 split, 0 formulas`)
  await client.dispose()
  await daemon.stop()
}, 120_000)
