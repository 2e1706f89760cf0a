import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DockerEngine } from '../../daemon/adapters/docker/docker-engine.ts'
import { withChange } from '../support/change.ts'
import { engineAt, until, untilEqual } from '../support/docker-client.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { ourRows, psRows } from '../support/docker-rows.ts'
import { describeWithEngine } from '../support/with-engine.ts'

const never = new AbortController().signal

describeWithEngine('the Docker adapter on a real engine', () => {
  let engine: TestEngine
  let docker: DockerEngine
  const idOf = async (name: string) => (await engine.docker('inspect', '--format', '{{.Id}}', name)).trim()
  const row = (name: string) => docker.containers().find((container) => container.name === name)
  const run = (name: string, ...args: readonly string[]) =>
    engine.docker('run', '-d', '--name', name, ...args)

  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('box')
    docker = engineAt(engine.socket)
  })
  afterAll(async () => {
    await docker.dispose()
    await engine.stop()
  })

  test('a first list is already complete, and names the engine', async () => {
    await run('first', 'box')
    await docker.refresh()
    expect(docker.status()).toMatchObject({ state: 'connected', reason: null, endpoint: engine.socket })
    expect(docker.status().version).toMatch(/^\d+\./)
    expect(ourRows(docker.containers())).toEqual(await psRows(engine))
  })

  test('names, states, health and published ports equal those of docker ps -a', async () => {
    await run('web', '-p', '127.0.0.1::80', '-p', '53/udp', '-l', 'com.example=x\u001b[31m\n"', 'box')
    await run('well', '--health-cmd', 'true', '--health-interval', '200ms', 'box')
    await run('ill', '--health-cmd', 'false', '--health-interval', '200ms', '--health-retries', '1', 'box')
    await run('slow', '--health-cmd', 'true', '--health-interval', '1h', 'box')
    await run('ended', 'box', 'sh', '-c', 'exit 3')
    await run('frozen', 'box')
    await engine.docker('pause', 'frozen')
    await engine.docker('create', '--name', 'made', 'box')
    await until('health is known', async () => {
      const states = await psRows(engine)
      return ['well healthy', 'ill unhealthy'].every((wanted) =>
        states.some(({ name, health }) => `${name} ${health}` === wanted),
      )
    })
    // Nobody asks for a refresh here: events alone bring it.
    await untilEqual(docker, engine, 5000)
    expect(row('web')?.labels).toEqual({ 'com.example': 'x\u001b[31m\n"' })
    expect(row('well')?.health).toBe('healthy')
    expect(row('ill')?.health).toBe('unhealthy')
    expect(row('slow')?.health).toBe('starting')
    expect(row('first')?.health).toBeNull()
    expect(row('web')?.ports).toHaveLength(3)
  })

  test('the first process of each running container is known', async () => {
    for (const container of docker.containers()) {
      const pid = Number(await engine.docker('inspect', '--format', '{{.State.Pid}}', container.id))
      expect([container.name, container.pid ?? 0]).toEqual([container.name, pid])
    }
  })

  test('start, stop and restart do what they say, and doing it twice is fine', async () => {
    await run('acted', 'box')
    const id = await idOf('acted')
    const noted: unknown[] = []
    const act = (verb: 'start' | 'stop' | 'restart') =>
      withChange(async (change) => {
        await docker[verb](change, id)
        noted.push(change.details)
      })
    await act('stop')
    expect(row('acted')?.state).toBe('exited')
    await act('stop')
    await act('start')
    expect(row('acted')?.state).toBe('running')
    const pid = row('acted')?.pid
    await act('start')
    expect(row('acted')?.pid).toBe(pid)
    await act('restart')
    expect(row('acted')?.state).toBe('running')
    expect(row('acted')?.pid).not.toBe(pid)
    expect(row('acted')?.pid).toBe(Number(await engine.docker('inspect', '--format', '{{.State.Pid}}', id)))
    expect(noted[0]).toEqual({ old: { state: 'running' }, new: { state: 'exited' } })
  })

  test('what cannot be done is a failure with its own code', async () => {
    const gone = 'f'.repeat(64)
    await expect(withChange((change) => docker.start(change, gone))).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(docker.inspect(gone, never)).rejects.toMatchObject({ code: 'not-found' })
    await expect(
      docker.logs(gone, { tail: 1, follow: false, signal: never }, () => Promise.resolve()),
    ).rejects.toMatchObject({ code: 'not-found' })
    const port = row('web')?.ports.find(({ protocol }) => protocol === 'tcp')?.hostPort
    await engine.docker('create', '--name', 'rival', '-p', `127.0.0.1:${port}:80`, 'box')
    const rival = await idOf('rival')
    await expect(withChange((change) => docker.start(change, rival))).rejects.toMatchObject({
      code: 'port-in-use',
    })
    await engine.docker('create', '--name', 'broken', 'box', '/no/such/program')
    const broken = await idOf('broken')
    await expect(withChange((change) => docker.start(change, broken))).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  test('an inspection tells what only costs when asked for', async () => {
    const ended = await docker.inspect(await idOf('ended'), never)
    expect(ended).toMatchObject({ name: 'ended', state: 'exited', exitCode: 3, pid: null, cpuPercent: null })
    expect(ended.command).toContain('exit 3')
    const web = await docker.inspect((await idOf('web')).slice(0, 12), never)
    expect(web).toMatchObject({ name: 'web', state: 'running', exitCode: null, pid: row('web')?.pid })
    expect(web.memoryBytes).toBeGreaterThan(0)
    expect(Date.now() - Date.parse(web.startedAt ?? '')).toBeLessThan(120_000)
  })

  test('usage has a percentage at the first question, and it is what the kernel counted', async () => {
    await run('busy', '--cpus', '0.5', 'box', 'sh', '-c', 'while :; do :; done')
    await until('busy is listed', () => typeof row('busy')?.pid === 'number')
    const pid = row('busy')?.pid ?? 0
    const usageOf = async (name: string) => (await docker.usage(never)).find(({ id }) => id === row(name)?.id)
    // The quota holds over periods of 100 ms, of which a short window may catch one more than its share.
    const now = () => ({ cpu: cpuNanoseconds(pid), at: performance.now() * 1e6 })
    const [firstAsked, first, firstTold] = [now(), (await usageOf('busy'))?.cpuPercent, now()]
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(100)
    await delay(2000)
    const [asked, second, told] = [now(), (await usageOf('busy'))?.cpuPercent, now()]
    await engine.docker('kill', 'busy')
    // The engine took its two samples somewhere within the two calls; a tick of the counter is 10 ms.
    const least = ((asked.cpu - firstTold.cpu) / (told.at - firstAsked.at)) * 100
    const most = ((told.cpu - firstAsked.cpu) / (asked.at - firstTold.at)) * 100
    expect(second).toBeGreaterThan(least - 2)
    expect(second).toBeLessThan(most + 2)
    const idle = await usageOf('first')
    expect(idle?.cpuPercent).toBeLessThan(5)
    expect(idle?.memoryBytes).toBeGreaterThan(50_000)
    expect(await usageOf('ended')).toBeUndefined()
  })
})

/** Processor time of a process and its children that it waited for, from /proc. */
function cpuNanoseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 1e7
}
