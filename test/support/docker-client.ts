import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { DockerEngine } from '../../daemon/adapters/docker/docker-engine.ts'
import type { Surroundings } from '../../daemon/adapters/docker/endpoints.ts'
import type { ConnectionTimings } from '../../daemon/adapters/docker/engine-connection.ts'
import type { TestEngine } from './docker-engine.ts'
import { ourRows, psRows } from './docker-rows.ts'

/** A user without any configuration, on a machine without any engine. */
export const nobodysHome: Surroundings = {
  env: {},
  home: '/nonexistent',
  platform: process.platform,
  uid: process.getuid?.() ?? null,
  exists: () => false,
  read: () => null,
}

/** Our adapter as a user whose DOCKER_HOST names this socket would have it. */
export const engineAt = (socket: string, timings: Partial<ConnectionTimings> = {}): DockerEngine =>
  new DockerEngine({
    surroundings: { ...nobodysHome, env: { DOCKER_HOST: `unix://${socket}` } },
    timings,
  })

/** Waits for something that must come true; says what it was when it does not. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<number> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`)
    await delay(10)
  }
  return performance.now() - started
}

/** Waits until our list and `docker ps -a` say the same, and shows the difference when they do not. */
export async function untilEqual(
  docker: DockerEngine,
  engine: TestEngine,
  withinMs = 20_000,
): Promise<number> {
  const started = performance.now()
  for (;;) {
    const [ours, theirs] = [ourRows(docker.containers()), await psRows(engine)]
    if (isDeepStrictEqual(ours, theirs)) return performance.now() - started
    if (performance.now() - started > withinMs) assert.deepEqual(ours, theirs)
    await delay(10)
  }
}
