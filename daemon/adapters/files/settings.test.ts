import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lifetime } from '#base/lifetime.ts'
import { parseSettings, SettingsFile } from './settings.ts'
import { defaultRanges } from './settings-schema.ts'

let folder = ''
let path = ''
let life = new Lifetime()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-settings-'))
  path = join(folder, 'settings.json')
  life = new Lifetime()
})
afterEach(async () => {
  await life.dispose()
  rmSync(folder, { recursive: true, force: true })
})

async function opened(text?: string): Promise<SettingsFile> {
  if (text !== undefined) writeFileSync(path, text)
  const settings = life.own(new SettingsFile(path))
  await settings.open()
  return settings
}

const nextChange = (settings: SettingsFile) =>
  new Promise<void>((resolve) => {
    const listening = settings.changed.on(() => {
      void listening.dispose()
      resolve()
    })
  })

test('without a file the defaults are in force', async () => {
  const settings = await opened()
  expect(settings.current.leases.ranges).toEqual(defaultRanges)
  expect(settings.current.incidents.notify).toBeNull()
  expect(settings.problem).toBeNull()
})

test('who is told of incidents is as in the file of an app', async () => {
  const settings = await opened(
    '{"incidents":{"notify":{"webhook":{"url":"secret:slack","body":"{\\"text\\":\\"{{text}}\\"}"}}}}',
  )
  expect(settings.problem).toBeNull()
  expect(settings.current.incidents.notify).toEqual({
    webhook: { url: 'secret:slack', headers: {}, body: '{"text":"{{text}}"}' },
    command: null,
  })
})

test('a range in the file replaces the default of its kind and leaves the others', async () => {
  const settings = await opened('{"leases":{"ranges":{"web":[4000,4009]}}}')
  expect(settings.current.leases.ranges).toEqual({ ...defaultRanges, web: [4000, 4009] })
})

test.each([
  ['{"leases":{"ranges":{"web":[3000]}}}', 'leases.ranges.web'],
  ['{"leases":{"ranges":{"web":[4000,3000]}}}', 'leases.ranges.web: expected the first port not to be above'],
  ['{"leases":{"ranges":{"web":[0,70000]}}}', 'leases.ranges.web.0'],
  ['{"leases":{"ranges":{"wbe":[3000,3099]}}}', 'leases.ranges'],
  ['{"lease":{}}', 'lease'],
  ['{"metrics":{"exposition":"yes"}}', 'metrics.exposition'],
  [
    '{"incidents":{"notify":{"webhook":{"url":"http://169.254.1.1/"}}}}',
    'incidents.notify.webhook.url: expected another address',
  ],
  [
    '{"incidents":{"notify":{"webhook":{"url":"secret:a","body":"{{no}}"}}}}',
    'incidents.notify.webhook.body: there is no {{no}} to put in',
  ],
  ['{"incidents":{"notify":{"mail":"ana"}}}', 'incidents.notify'],
  ['[]', 'expected object'],
  ['{"leases":', 'is not JSON'],
])('%s is refused by file, key and what was expected', (text, named) => {
  expect(() => parseSettings('/state/settings.json', text)).toThrow(
    expect.objectContaining({ code: 'settings-invalid', message: expect.stringContaining(named) }) as Error,
  )
  expect(() => parseSettings('/state/settings.json', text)).toThrow('/state/settings.json')
})

test('a change takes effect, and a bad one leaves the last good settings in force until it is mended', async () => {
  const settings = await opened()
  let change = nextChange(settings)
  writeFileSync(path, '{"leases":{"ranges":{"web":[4000,4009]}}}')
  await change
  expect(settings.current.leases.ranges.web).toEqual([4000, 4009])

  change = nextChange(settings)
  writeFileSync(path, '{"leases":{"ranges":{"web":"all"}}}')
  await change
  expect(settings.problem).toMatchObject({ code: 'settings-invalid' })
  expect(settings.current.leases.ranges.web).toEqual([4000, 4009])

  // Editors replace the file by a rename.
  writeFileSync(`${path}.new`, '{"leases":{"ranges":{"web":[5000,5009]}}}')
  change = nextChange(settings)
  renameSync(`${path}.new`, path)
  await change
  expect(settings.problem).toBeNull()
  expect(settings.current.leases.ranges.web).toEqual([5000, 5009])
})

test('a file that was bad from the start is told to whoever asks, not replaced by defaults', async () => {
  const settings = await opened('{"leases":{"ranges":{"web":"all"}}}')
  expect(() => settings.current).toThrow(expect.objectContaining({ code: 'settings-invalid' }) as Error)
})

test('a key that names the prototype changes nothing', () => {
  const settings = parseSettings('s', '{"leases":{"ranges":{"__proto__":[1,2]}}}')
  expect(settings.leases.ranges).toEqual(defaultRanges)
  expect(Object.getPrototypeOf(settings.leases.ranges)).toBe(Object.prototype)
})

test('something else in place of the file is told and does not hang', async () => {
  if (process.platform === 'win32') mkdirSync(path)
  else execFileSync('mkfifo', [path])
  const settings = await opened()
  expect(settings.problem?.message).toContain('expected a regular file')
})
