import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { dataOf, errorOf, openTerminal, withoutColour } from '../support/cli.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { describeWithEngine } from '../support/with-engine.ts'

/** Far longer than it takes: what is waited for comes, or the test fails. */
const soon = { timeout: 40_000 }

const row = {
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string(),
  image: z.string(),
  state: z.string(),
  status: z.string(),
  health: z.enum(['healthy', 'unhealthy', 'starting']).nullable(),
  createdAt: z.iso.datetime({ precision: 3 }),
  ports: z.array(
    z.strictObject({
      address: z.string(),
      hostPort: z.int(),
      containerPort: z.int(),
      protocol: z.enum(['tcp', 'udp', 'sctp']),
    }),
  ),
  labels: z.record(z.string(), z.string()),
  app: z.string().nullable(),
}
const detail = {
  ...row,
  command: z.string().nullable(),
  pid: z.int().nullable(),
  exitCode: z.int().nullable(),
  startedAt: z.iso.datetime({ precision: 3 }).nullable(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.int().nullable(),
}

describeWithEngine('containers in the terminal', () => {
  let engine: TestEngine
  let daemon: TestDaemon
  let id: string

  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('shop')
    id = (await engine.docker('run', '-d', '--name', 'shop-web', '-p', '127.0.0.1:18980:80', 'shop')).trim()
    daemon = await startDaemon({ env: { DOCKER_HOST: `unix://${engine.socket}` } })
  })
  afterAll(async () => {
    await daemon.stop()
    await engine.stop()
  })

  test('list and show have the promised shapes, and find by name and by the beginning of the id', async () => {
    const list = z.array(z.strictObject(row)).length(1)
    expect(list.safeParse(dataOf(await daemon.cli('containers', 'list', '--json'))).error).toBeUndefined()
    for (const wanted of ['shop-web', id, id.slice(0, 8)]) {
      const shown = dataOf(await daemon.cli('containers', 'show', wanted, '--json'))
      expect(z.strictObject(detail).safeParse(shown).error).toBeUndefined()
      expect(shown).toMatchObject({ id, name: 'shop-web', state: 'running' })
    }
    expect((await daemon.cli('containers', 'show', 'shop-web')).stdout).toMatch(/Ports +18980→80/)
  })

  test('stop and start really do, and stop asks', async () => {
    const unasked = await daemon.cli('containers', 'stop', 'shop-web', '--json')
    expect(errorOf(unasked).code).toBe('confirmation-required')
    const terminal = openTerminal(daemon.home, ['containers', 'stop', 'shop-web'], { columns: 100 })
    await terminal.shows('[y/N]')
    expect(withoutColour(terminal.screen)).toContain('shop-web')
    terminal.type('y\r')
    expect(await terminal.ended).toBe(0)
    expect(await engine.docker('ps', '-q')).toBe('')
    expect(dataOf(await daemon.cli('containers', 'start', 'shop-web', '--json'))).toEqual({
      id,
      name: 'shop-web',
    })
    expect(await engine.docker('ps', '-q', '--no-trunc')).toContain(id)
    expect((await daemon.cli('containers', 'restart', 'shop-web', '--yes')).code).toBe(0)
  })

  test('logs come whole, the last ones, and live; what they hold cannot act on a terminal', async () => {
    const script = String.raw`printf 'one\n\033[31mred\033[0m \033]0;owned\007two\n'; sleep 1; echo three; sleep 1000`
    await engine.docker('run', '-d', '--name', 'talker', 'shop', 'sh', '-c', script)
    await expect
      .poll(async () => (await daemon.cli('containers', 'logs', 'talker')).stdout, soon)
      .toContain('three')
    const whole = await daemon.cli('containers', 'logs', 'talker')
    expect(whole.stdout).toBe('one\n\u001b[31mred\u001b[0m \u001b]0;owned\u0007two\nthree\n')
    expect((await daemon.cli('containers', 'logs', 'talker', '--tail', '1')).stdout).toBe('three\n')
    expect((await daemon.cli('containers', 'logs', 'talker', '--tail', '1', '--json')).stdout).toBe(
      '{"line":"three"}\n',
    )
    const terminal = openTerminal(daemon.home, ['containers', 'logs', 'talker', '--follow'])
    await terminal.shows('three')
    expect(terminal.screen).toContain('\u001b[31mred')
    expect(terminal.screen).not.toContain('\u001b]0;')
    terminal.type('\u0003')
    expect(await terminal.ended).toBe(130)
  })

  test('an unknown or ambiguous container is refused by name', async () => {
    const missing = await daemon.cli('containers', 'show', 'no-such', '--json')
    expect({ code: missing.code, error: errorOf(missing).code }).toEqual({ code: 3, error: 'not-found' })
  })

  test('a published port says which container it is, and free names the container to stop', async () => {
    const who = dataOf(await daemon.cli('ports', 'who', '18980', '--json'))
    expect(who).toMatchObject({ rows: [{ container: { id, name: 'shop-web' } }] })
    const freed = await daemon.cli('ports', 'free', '18980', '--yes', '--json')
    expect(errorOf(freed)).toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('containers stop shop-web') as string,
    })
  })

  test('an engine that goes away is a state with a reason, and comes back', async () => {
    await engine.halt()
    await expect
      .poll(async () => (await daemon.cli('containers', 'list')).stdout)
      .toContain('docs containers')
    expect((await daemon.cli('containers', 'list', '--json')).stdout).toBe('[]\n')
    await engine.start()
    await expect.poll(async () => (await daemon.cli('containers', 'list')).stdout, soon).toContain('shop-web')
  })
})
