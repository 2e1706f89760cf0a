import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { replaceFileAside } from '../../adapters/files/write-file.ts'
import { FileKeys } from '../../adapters/secrets/file-keys.ts'
import { FileVault } from '../../adapters/secrets/file-vault.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import type { AuditTarget } from '#contract/method.ts'
import { createExecutor, type AuditTrail, type Handlers, type Outcome } from '../../kernel/execute.ts'
import { secretsHandlers } from './secrets-handlers.ts'
import { SecretsService } from './secrets-service.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const canary = 'canary-93d1-ÄÖ"\\-value'
const file = () => join(folder, 'secrets.json')
const keyFiles = () => readdirSync(folder).filter((name) => name.endsWith('.key'))

/** Called again it is the next start of the daemon. */
function setup() {
  const vault = new FileVault({
    file: file(),
    fileKeys: new FileKeys(folder, replaceFileAside),
    keychain: null,
    wantsKeychain: false,
    replaceFile: replaceFileAside,
    newId: randomId,
  })
  const secrets = new SecretsService({ vault, clock: systemClock })
  const records: (AuditTarget | Outcome)[] = []
  const trail: AuditTrail = {
    intent: (_actor, target) => Promise.resolve(records.push(target)),
    outcome: (_sequence, outcome) => Promise.resolve(void records.push(outcome)),
    record: (_actor, target) => Promise.resolve(void records.push(target)),
  }
  // Only these methods are called.
  const execute = createExecutor({
    handlers: secretsHandlers(secrets) as Handlers,
    trail,
    clock: systemClock,
  })
  return { secrets, records, call: callsAs(execute, 'admin'), as: callsAs.bind(null, execute) }
}

test('a secret is kept, is there after the next start, and its value is in no file and in no record', async () => {
  const { call, records } = setup()
  await call('secrets.set', { name: 'db', value: canary })
  const { secrets, call: again } = setup()
  expect(await secrets.value('db')).toBe(canary)
  expect(await again('secrets.list', {})).toMatchObject({ rows: [{ name: 'db' }], key: 'file' })
  for (const name of readdirSync(folder))
    expect(readFileSync(join(folder, name), 'utf8')).not.toContain('canary')
  expect(JSON.stringify(records)).not.toContain('canary')
  expect(records).toMatchObject([{ action: 'update', resource: { name: 'db' } }, { outcome: 'ok' }])
})

test.runIf(process.platform !== 'win32')('its file and that of the key are for nobody else', async () => {
  process.umask(0)
  try {
    await setup().call('secrets.set', { name: 'db', value: canary })
  } finally {
    process.umask(0o022)
  }
  for (const name of ['secrets.json', ...keyFiles()])
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
})

test('the list names secrets and nothing more, and no answer has a value', async () => {
  const { call } = setup()
  const set = await call('secrets.set', { name: 'b', value: canary })
  await call('secrets.set', { name: 'a', value: canary })
  const list = await call('secrets.list', {})
  expect(list.rows.map((row) => Object.keys(row))).toEqual([
    ['name', 'changedAt'],
    ['name', 'changedAt'],
  ])
  expect(list.rows.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(JSON.stringify([set, list])).not.toContain('canary')
})

test('setting a secret again replaces it, and removing it forgets it', async () => {
  const { call, secrets, records } = setup()
  await call('secrets.set', { name: 'db', value: 'first value' })
  await call('secrets.set', { name: 'db', value: 'second value' })
  const outcomes = records.filter((record) => 'outcome' in record)
  expect(outcomes.map(({ details }) => details)).toEqual([{ existed: false }, { existed: true }])
  expect(await secrets.value('db')).toBe('second value')
  await call('secrets.remove', { name: 'db' })
  expect(await setup().secrets.value('db')).toBeNull()
  await expect(call('secrets.remove', { name: 'db' })).rejects.toMatchObject({ code: 'not-found' })
})

test('a new key seals everything anew, and the old one is gone', async () => {
  const { call } = setup()
  await call('secrets.set', { name: 'db', value: canary })
  const [before] = keyFiles()
  const sealed = readFileSync(file(), 'utf8')
  expect(await call('secrets.rotate', {})).toEqual({ key: 'file' })
  expect(keyFiles()).toHaveLength(1)
  expect(keyFiles()).not.toEqual([before])
  expect(readFileSync(file(), 'utf8')).not.toBe(sealed)
  expect(await setup().secrets.value('db')).toBe(canary)
})

test('no two files are sealed alike, though they hold the same', async () => {
  const { call } = setup()
  const seen = new Set<string>()
  for (let i = 0; i < 20; i++) {
    await call('secrets.set', { name: 'db', value: canary })
    seen.add((JSON.parse(readFileSync(file(), 'utf8')) as { nonce: string }).nonce)
  }
  expect(seen.size).toBe(20)
})

test('a file that was changed in any byte is refused and left as it is', async () => {
  await setup().call('secrets.set', { name: 'db', value: canary })
  const good = readFileSync(file(), 'utf8')
  for (let at = 0; at < good.trimEnd().length; at += 3) {
    const wrong = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)
    if (sameContent(wrong, good)) continue
    writeFileSync(file(), wrong)
    const { call, secrets } = setup()
    await expect(secrets.value('db'), `byte ${at}`).rejects.toMatchObject({ code: 'secrets-unavailable' })
    await expect(call('secrets.set', { name: 'x', value: 'y' })).rejects.toMatchObject({
      code: 'secrets-unavailable',
    })
    expect(readFileSync(file(), 'utf8')).toBe(wrong)
  }
})

/** Base64's last character may have bits that stand for nothing. */
function sameContent(a: string, b: string): boolean {
  const content = (text: string): unknown => {
    try {
      const { sealed, nonce, ...rest } = JSON.parse(text) as { sealed: string; nonce: string }
      return [
        Buffer.from(sealed, 'base64').toString('hex'),
        Buffer.from(nonce, 'base64').toString('hex'),
        rest,
      ]
    } catch {
      return text
    }
  }
  return JSON.stringify(content(a)) === JSON.stringify(content(b))
}

test('without its key the file is refused, and read again when the key is back', async () => {
  await setup().call('secrets.set', { name: 'db', value: canary })
  const [name = ''] = keyFiles()
  const key = readFileSync(join(folder, name))
  rmSync(join(folder, name))
  const { secrets } = setup()
  await expect(secrets.list()).rejects.toMatchObject({
    code: 'secrets-unavailable',
    message: expect.stringContaining(name) as string,
  })
  writeFileSync(join(folder, name), key)
  expect(await secrets.value('db')).toBe(canary)
})

test('many changes at once are all kept', async () => {
  const { call } = setup()
  const names = Array.from({ length: 50 }, (_, i) => `s${i}`)
  await Promise.all(names.map((name) => call('secrets.set', { name, value: `value of ${name}` })))
  const { secrets } = setup()
  expect((await secrets.list()).rows).toHaveLength(50)
  expect(await Promise.all(names.map((name) => secrets.value(name)))).toEqual(
    names.map((name) => `value of ${name}`),
  )
})

test('names and values out of bounds are refused, and only an admin may set one', async () => {
  const { call, as } = setup()
  const invalid = { code: 'invalid-params' }
  for (const name of ['', '-x', 'a b', '../x', 'a/b', '$(x)', 'x'.repeat(101), '__proto__'])
    await expect(call('secrets.set', { name, value: 'v' }), name).rejects.toMatchObject(invalid)
  await expect(call('secrets.set', { name: 'a', value: '' })).rejects.toMatchObject(invalid)
  const long = call('secrets.set', { name: 'a', value: 'x'.repeat(64 * 1024 + 1) })
  await expect(long).rejects.toMatchObject(invalid)
  await expect(as('operator')('secrets.set', { name: 'a', value: 'v' })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await expect(as('viewer')('secrets.list', {})).rejects.toMatchObject({ code: 'forbidden' })
  await call('secrets.set', { name: 'constructor', value: 'v' })
  expect((await call('secrets.list', {})).rows.map(({ name }) => name)).toEqual(['constructor'])
})

test('what was held in this start is kept out of texts, also after it was replaced', async () => {
  const { call, secrets } = setup()
  await call('secrets.set', { name: 'db', value: 'first-password' })
  await call('secrets.set', { name: 'db', value: 'second-password' })
  expect(secrets.hide('first-password, second-password, third')).toBe('[redacted], [redacted], third')
})
