import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorKinds, isErrorCode, type ErrorCode } from '#contract/errors.ts'
import { errorOf, startListener, type Listener } from '../support/cli.ts'
import { runCli, startDaemon, temporaryHome, type CliResult, type TestDaemon } from '../support/daemon.ts'
import { startDaemonAsNobody } from '../support/nobody.ts'

/** Far longer than it takes: what is waited for comes, or the test fails. */
const soon = { timeout: 30_000 }

let daemon: TestDaemon
let listener: Listener
let deadPid: number

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  listener = await startListener()
  const ended = await startListener()
  deadPid = ended.pid
  await ended.stop()
  await daemon.cli('ports', 'lease', 'taken', '--port', '8123')
  await daemon.cli('users', 'add', 'ana')
})
afterAll(async () => {
  await listener.stop()
  await daemon.stop()
})

/** The three lines for a person, and the same for a program, with the exit code that goes with the code. */
async function refuses(
  run: (...more: string[]) => Promise<CliResult>,
  code: ErrorCode,
  says: RegExp,
): Promise<void> {
  const spoken = await run()
  const [message = '', codeLine, help = '', docs] = spoken.stderr.trimEnd().split('\n')
  expect(message).toMatch(/^quantum-admin: \S/)
  expect(message).toMatch(says)
  expect(codeLine).toBe(`code: ${code}`)
  expect(help).toMatch(/^help: \S/)
  expect(docs).toBe(`docs: quantum-admin docs ${code}`)
  expect(spoken.stdout).toBe('')
  expect(spoken.code).toBe(errorKinds[code].exit)

  const told = await run('--json')
  expect(told.code).toBe(errorKinds[code].exit)
  expect(told.stdout).toBe('')
  const error = errorOf(told)
  expect(Object.keys(error)).toEqual(['code', 'message', 'hint', 'docs'])
  expect(error.code).toBe(code)
  expect(error.message).toMatch(says)
  expect(error.hint).not.toBe('')
  expect(error.docs).toMatch(new RegExp(`errors/${code}\\.md$`))
}

const bad: readonly (readonly [string, ErrorCode, RegExp])[] = [
  ['--bogus', 'wrong-use', /--bogus/],
  ['ports list --jsn', 'wrong-use', /Did you mean --json/],
  ['prots list', 'wrong-use', /Did you mean ports/],
  ['ports lst', 'wrong-use', /Did you mean list/],
  ['ports', 'wrong-use', /ports needs/],
  ['ports who', 'wrong-use', /port/],
  ['ports who 0', 'wrong-use', /1 to 65535/],
  ['ports who 65536', 'wrong-use', /1 to 65535/],
  ['ports who -1', 'wrong-use', /-1/],
  ['ports who 80x', 'wrong-use', /"80x"/],
  ['ports who 0x50', 'wrong-use', /"0x50"/],
  ['ports who 80 81', 'wrong-use', /too many/i],
  ['ports lease a --port eighty', 'wrong-use', /eighty/],
  ['ports lease a --kind webb', 'wrong-use', /webb/],
  ['ports lease -- -rf', 'invalid-params', /name/],
  ['ports lease a;b', 'invalid-params', /name/],
  ['ports lease taken --port 8124', 'conflict', /taken/],
  ['ports lease taken --kind web', 'conflict', /taken/],
  ['ports lease other --port 8123', 'conflict', /8123/],
  ['ports lease other --port LISTENING', 'port-in-use', /LISTENING/],
  ['ports release nobody', 'not-found', /"nobody"/],
  ['ports free 1', 'not-found', /port 1\b/],
  ['ports free LISTENING', 'confirmation-required', /nobody was there to ask/],
  ['processes show DEAD', 'not-found', /DEAD/],
  ['processes stop DEAD --yes', 'not-found', /DEAD/],
  ['processes stop 1 --yes', 'refused', /pid 1/],
  ['processes stop OWN --yes', 'refused', /daemon stop/],
  ['processes list --sort size', 'wrong-use', /size/],
  ['containers stop web --yes', 'engine-unavailable', /nowhere|engine/],
  ['containers logs web --tail -5', 'wrong-use', /--tail/],
  ['logs nobody', 'not-found', /"nobody"/],
  ['logs --level loud', 'wrong-use', /loud/],
  ['logs --regex (', 'log-query-invalid', /\(/],
  ['audit list --since yesterday', 'wrong-use', /--since/],
  ['audit list --limit 0', 'wrong-use', /--limit/],
  ['audit list --outcome good', 'wrong-use', /good/],
  ['audit list --cursor nonsense', 'invalid-params', /nonsense/],
  ['audit show 999999', 'not-found', /999999/],
  ['audit verify --pin abc', 'wrong-use', /--pin/],
  ['audit verify --file /nowhere/trail.jsonl', 'not-found', /trail\.jsonl/],
  ['audit export --output /nowhere/trail.jsonl', 'wrong-use', /--output/],
  ['users add ana', 'conflict', /ana/],
  ['users add Ana!', 'invalid-params', /name/],
  ['users add bo --role god', 'wrong-use', /god/],
  ['users token nobody', 'not-found', /nobody/],
  ['users token ana --expires 400d', 'wrong-use', /365d/],
  ['users revoke nothing --yes', 'not-found', /nothing/],
  ['users remove nobody --yes', 'not-found', /nobody/],
  ['daemon stop', 'confirmation-required', /nobody was there to ask/],
  ['daemon run', 'conflict', /already runs/],
  ['daemon run --listen 127.0.0.1:0', 'wrong-use', /--tls-cert/],
  ['daemon run --tls-cert a --tls-key b', 'wrong-use', /--listen/],
  ['daemon run --public', 'wrong-use', /--listen/],
  ['docs nothing-like-that', 'not-found', /nothing-like-that/],
  ['docs ../../package', 'not-found', /package/],
  ['completion tcsh', 'wrong-use', /tcsh/],
  ['doctor --watch', 'wrong-use', /--watch/],
  ['--token abc ports list', 'wrong-use', /never taken from the command line/],
  ['ports list --token', 'wrong-use', /never taken from the command line/],
  ['--ca x.pem ports list', 'wrong-use', /--url/],
  ['--url http://host ports list', 'wrong-use', /https/],
  ['--url https://127.0.0.1:1 daemon logs', 'wrong-use', /this machine/],
]

test.each(bad)('%s is answered with %s', async (line, code, says) => {
  const filled = (text: string) =>
    text
      .replace('LISTENING', String(listener.port))
      .replace('DEAD', String(deadPid))
      .replace('OWN', String(daemon.process.pid))
  const words = filled(line).split(' ')
  const flag = words.indexOf('--')
  await refuses(
    (...more) => daemon.cli(...(flag === -1 ? [...words, ...more] : [...more, ...words])),
    code,
    new RegExp(filled(says.source), says.flags),
  )
})

test('nothing of all that was done: the listener listens and the leases are as they were', async () => {
  expect(listener.process.exitCode).toBeNull()
  const leases = await daemon.cli('ports', 'leases', '--json')
  expect(JSON.parse(leases.stdout)).toMatchObject([{ name: 'taken', kind: 'app', port: 8123 }])
})

test('without a daemon, status says so and starts none', async () => {
  const home = temporaryHome()
  await refuses(
    (...more) => runCli(home, ['daemon', 'status', ...more]),
    'daemon-unreachable',
    /No daemon runs/,
  )
  rmSync(home, { recursive: true })
})

test('a wrong token on the local socket is refused', async () => {
  const home = temporaryHome()
  const describe = JSON.stringify({ ...daemon.describe() })
  writeFileSync(path.join(home, 'daemon.json'), describe)
  writeFileSync(path.join(home, 'token'), 'A'.repeat(43))
  await refuses((...more) => runCli(home, ['daemon', 'status', ...more]), 'unauthenticated', /token/)
  rmSync(home, { recursive: true })
})

test('a range that is full says so, and which', async () => {
  const ranges = { queue: [5670, 5670] }
  writeFileSync(path.join(daemon.home, 'settings.json'), JSON.stringify({ leases: { ranges } }))
  let count = 0
  let last: CliResult | undefined
  await expect
    .poll(async () => {
      // The file is read again a moment after it was written.
      last = await daemon.cli('ports', 'lease', `queue-${count++}`, '--kind', 'queue')
      return last.code
    }, soon)
    .toBe(1)
  expect(last?.stderr).toMatch(/5670[^]*code: range-full/)
})

test('a wrong settings.json fails the doctor, by its key, and the last good settings stay', async () => {
  writeFileSync(path.join(daemon.home, 'settings.json'), '{"leases":{"ranges":{"web":[3000]}}}')
  await expect.poll(async () => (await daemon.cli('doctor')).code, soon).toBe(6)
  const told = await daemon.cli('doctor', '--json')
  expect(JSON.parse(told.stdout)).toContainEqual(
    expect.objectContaining({ ok: false, message: expect.stringContaining('leases.ranges.web') as string }),
  )
  expect(errorOf(told)).toMatchObject({ code: 'doctor-failed' })
  rmSync(path.join(daemon.home, 'settings.json'))
  await expect.poll(async () => (await daemon.cli('doctor')).code, soon).toBe(0)
})

test('a damaged store stops the start, is named, and is kept', async () => {
  const home = temporaryHome()
  writeFileSync(
    path.join(home, 'quantum-admin.sqlite'),
    'This is no database, or is one no more. '.repeat(500),
  )
  const started = await runCli(home, ['daemon', 'start'])
  expect(started.stderr).toMatch(/quantum-admin\.sqlite[^]*code: store-damaged/)
  expect(started.code).toBe(1)
  rmSync(home, { recursive: true })
})

test.runIf(process.getuid?.() === 0)(
  'a process of somebody else is left alone, and its owner named',
  async () => {
    const other = await startDaemonAsNobody()
    const stop = (...more: string[]) => other.cli('processes', 'stop', String(listener.pid), '--yes', ...more)
    await refuses(stop, 'permission-denied', /belongs to root/)
    const free = (...more: string[]) => other.cli('ports', 'free', String(listener.port), '--yes', ...more)
    await refuses(free, 'permission-denied', /root/)
    expect(listener.process.exitCode).toBeNull()
    await other.stop()
  },
)

test('a store of a newer version stops the start and is left alone', async () => {
  const home = temporaryHome()
  const first = await startDaemon({ home })
  first.process.kill('SIGTERM')
  await new Promise((resolve) => first.process.once('close', resolve))
  const store = new Database(path.join(home, 'quantum-admin.sqlite'))
  store.prepare("insert into kysely_migration (name, timestamp) values ('999-from-the-future', '2099')").run()
  store.close()
  await refuses((...more) => runCli(home, ['daemon', 'start', ...more]), 'store-newer', /999-from-the-future/)
  rmSync(home, { recursive: true })
})

test('a state folder that is a link is refused', async () => {
  const folder = temporaryHome()
  mkdirSync(path.join(folder, 'real'))
  symlinkSync(path.join(folder, 'real'), path.join(folder, 'link'))
  await refuses(
    (...more) => runCli(path.join(folder, 'link'), ['daemon', 'start', ...more]),
    'unsafe-state-folder',
    /symbolic link/,
  )
  rmSync(folder, { recursive: true })
})

test('every code that this file meets has a page', async () => {
  for (const [, code] of bad) {
    const page = await daemon.cli('docs', code)
    expect(page.stdout).toContain('What to do')
    expect(isErrorCode(code)).toBe(true)
  }
})
