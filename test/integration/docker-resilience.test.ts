import { request } from 'node:http'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DockerEngine } from '../../daemon/adapters/docker/docker-engine.ts'
import { engineAt, until, untilEqual } from '../support/docker-client.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { ourRows, psRows } from '../support/docker-rows.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { SocketProxy } from '../support/socket-proxy.ts'
import { describeWithEngine } from '../support/with-engine.ts'

const restarts = scale(5, 200)
const outageEvents = scale(300, 2000)
/** How soon after an outage the list must be true, in milliseconds. */
const goalMs = 2000
/** For the whole figure; the sample has the usual minute. */
const timeout = scale(60_000, 60 * 60_000)

describeWithEngine('the container list after outages', () => {
  let engine: TestEngine
  let proxy: SocketProxy
  let docker: DockerEngine

  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('box')
    proxy = new SocketProxy(join(engine.folder, 'proxy.sock'), engine.socket)
    await proxy.restore()
    docker = engineAt(proxy.path)
    await until('connected', () => docker.status().state === 'connected')
  })
  afterAll(async () => {
    await docker.dispose()
    await proxy.cut()
    await engine.stop()
  })

  /** Makes one change through a second connection, as any other client would. */
  const call = (method: string, path: string, body?: unknown) => callEngine(engine.socket, method, path, body)

  async function churn(random: Random, made: string[], events: number): Promise<void> {
    for (let event = 0; event < events; event++) {
      const roll = random.next()
      if (made.length < 3 || roll < 0.5)
        made.push((await call('POST', '/containers/create', { Image: 'box' }))['Id'])
      else if (roll < 0.7) await call('POST', `/containers/${random.pick(made)}/start`)
      else await call('DELETE', `/containers/${made.splice(random.int(0, made.length - 1), 1)[0]}?force=true`)
    }
  }

  /**
   * Restores the way to the engine and answers how long our list took to be what `docker ps -a` says. That is asked
   * before, since nothing changes any more and its own time is not ours.
   * @param since - when the engine was back already; null: it is back by this.
   */
  async function untilTrue(since: number | null): Promise<number> {
    const truth = await psRows(engine)
    const back = since ?? performance.now()
    await proxy.restore()
    await until('the list is true', () => isDeepStrictEqual(ourRows(docker.containers()), truth))
    const time = performance.now() - back
    await untilEqual(docker, engine)
    return time
  }

  test(`R8: ${restarts} restarts of the engine with events while it is away`, { timeout }, async () => {
    const random = new Random(8)
    const made: string[] = []
    const times: number[] = []
    for (let round = 0; round < restarts; round++) {
      // Cut: the socket goes. Refused: it stays and nothing answers. Neither: only the engine itself goes.
      const outage = random.pick(['cut', 'refuse', 'none'] as const)
      if (outage !== 'none') await proxy[outage]()
      await churn(random, made, 5)
      await (random.next() < 0.5 ? engine.halt() : engine.kill())
      await engine.start()
      if (outage !== 'none') await churn(random, made, 5)
      times.push(await untilTrue(outage === 'none' ? performance.now() : null))
    }
    const slowest = Math.max(...times)
    figure('R8', `${restarts} restarts: equal to docker ps -a after ${slowest.toFixed(0)} ms at most`)
    if (full) expect(slowest).toBeLessThanOrEqual(goalMs)
    expect(docker.status().state).toBe('connected')
  })

  test(
    `R8: ${outageEvents} events in one outage, of which the engine remembers 256`,
    { timeout },
    async () => {
      await proxy.cut()
      await until('it is noticed', () => docker.status().state !== 'connected')
      const workers = Array.from({ length: 4 }, async (_, worker) =>
        churn(new Random(worker), [], outageEvents / 4),
      )
      await Promise.all(workers)
      const time = await untilTrue(null)
      figure('R8', `${outageEvents} events in an outage: equal to docker ps -a after ${time.toFixed(0)} ms`)
      if (full) expect(time).toBeLessThanOrEqual(goalMs)
    },
  )

  test('a storm of events while connected ends in the truth, at a bounded number of questions', async () => {
    const before = proxy.attempts
    await Promise.all([1, 2, 3, 4].map((seed) => churn(new Random(seed), [], 75)))
    await untilEqual(docker, engine)
    const asked = proxy.attempts - before
    figure('R8', `300 events while connected: ${asked} questions to the engine`)
    expect(asked).toBeLessThan(600)
  })
})

async function callEngine(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly Id: string }> {
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' }
    const sent = request({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.once('error', reject)
    sent.end(body === undefined ? '' : JSON.stringify(body))
  })
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
  return (answer.text === '' ? { Id: '' } : JSON.parse(answer.text)) as { readonly Id: string }
}
