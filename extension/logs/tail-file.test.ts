import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { logLine } from './log-lines.ts'
import { TailFile } from './tail-file.ts'

test('a log is followed from its last lines through a rotation, with no line lost or doubled', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-tail-'))
  const file = path.join(folder, 'daemon.log')
  writeFileSync(file, 'old\n'.repeat(100))
  const lines: string[] = []
  const errors: unknown[] = []
  const tail = new TailFile({
    file,
    history: 8,
    onLines: (found) => lines.push(...found),
    onError: (error) => errors.push(error),
  })
  try {
    await vi.waitFor(() => expect(lines).toEqual(['old', 'old']), 5000)
    appendFileSync(file, 'one\ntw')
    appendFileSync(file, 'o\n')
    await vi.waitFor(() => expect(lines.slice(2)).toEqual(['one', 'two']), 5000)
    renameSync(file, `${file}.1`)
    writeFileSync(file, 'three\n')
    await vi.waitFor(() => expect(lines.slice(4)).toEqual(['three']), 5000)
    expect(errors).toEqual([])
  } finally {
    tail.dispose()
    rmSync(folder, { recursive: true })
  }
})

test('a record is shown in words, and a broken or hostile line as harmless text', () => {
  expect(logLine('{"time":"T","level":"warn","message":"slow","ms":3}')).toEqual({
    level: 'warn',
    text: 'T slow {"ms":3}',
  })
  expect(logLine('{"time":')).toEqual({ level: 'info', text: '{"time":' })
  expect(logLine('{"level":"x","message":"a\\u001b]0;t\\u0007\\nb\\u202e"}').text).toBe('a\\nb\\u202e')
  expect(logLine('null').level).toBe('info')
})
