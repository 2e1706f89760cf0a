import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { daemonScript, startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const run = promisify(execFile)

type Kind = 'lease' | 'user'
/** What the daemon said yes to, by name; `unknown` was under way when it was killed. */
type Truth = Map<string, 'there' | 'gone' | 'unknown'>

interface Done {
  readonly action: 'create' | 'delete'
  readonly name: string
}

/** One state folder whose daemon is killed again and again, and what it has promised so far. */
class Lane {
  readonly #home = temporaryHome()
  readonly #random: Random
  readonly #truth: Record<Kind, Truth> = { lease: new Map(), user: new Map() }
  #acknowledged: Done[] = []
  #next = 0
  promised = 0
  readonly problems: string[] = []

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  async cycle(): Promise<void> {
    if (this.#random.next() < 0.15) await this.#killWhileStarting()
    const daemon = await startDaemon({ home: this.#home })
    const client = daemon.client()
    try {
      await this.#check(client)
      await this.#load(daemon, client)
    } finally {
      await daemon.kill()
      await client.dispose()
    }
  }

  /** @returns what the offline verification said. */
  async finish(): Promise<{ ok: boolean; entries: number }> {
    const daemon = await startDaemon({ home: this.#home })
    const client = daemon.client()
    await this.#check(client)
    const live = await client.call('audit.verify', {})
    if (!live.ok) this.problems.push(`chain: ${live.reason}`)
    await client.dispose()
    await daemon.kill()
    const { stdout } = await run(process.execPath, [daemonScript, 'verify', '--home', this.#home])
    rmSync(this.#home, { recursive: true, force: true })
    return JSON.parse(stdout) as { ok: boolean; entries: number }
  }

  async #killWhileStarting(): Promise<void> {
    const child = spawn(process.execPath, [daemonScript, 'run'], {
      env: { ...process.env, QUANTUM_ADMIN_HOME: this.#home },
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    await sleep(this.#random.int(0, 250))
    child.kill('SIGKILL')
    await ended
  }

  /** Everything that was acknowledged is there, and nothing that was not asked for. */
  async #check(client: Client): Promise<void> {
    const [leases, users, audit] = await Promise.all([
      client.call('leases.list', {}),
      client.call('users.list', {}),
      client.call('audit.list', { limit: 1000 }),
    ])
    this.#compare('lease', new Set(leases.rows.map((row) => row.name)))
    this.#compare('user', new Set(users.map((user) => user.name)))
    const ports = leases.rows.map((row) => row.port)
    if (new Set(ports).size !== ports.length) this.problems.push(`a port is leased twice: ${ports.join(' ')}`)
    // Newest last, so that a second attempt counts and not the first that was interrupted.
    const outcomes = new Map(
      audit.entries.toReversed().map((one) => [`${one.action} ${one.resource.name}`, one.outcome]),
    )
    for (const { action, name } of this.#acknowledged) {
      const outcome = outcomes.get(`${action} ${name}`)
      if (outcome !== 'ok')
        this.problems.push(`${action} ${name} was acknowledged, the trail says ${outcome}`)
    }
    if (audit.entries.some((entry) => entry.outcome === 'pending'))
      this.problems.push('an intent stayed open')
    this.promised += this.#acknowledged.length
    this.#acknowledged = []
  }

  #compare(kind: Kind, found: ReadonlySet<string>): void {
    const truth = this.#truth[kind]
    for (const [name, state] of truth) {
      if (state === 'there' && !found.has(name)) this.problems.push(`${kind} ${name} was lost`)
      if (state === 'gone' && found.has(name)) this.problems.push(`${kind} ${name} came back`)
      if (found.has(name)) truth.set(name, 'there')
      else truth.delete(name)
    }
    for (const name of found) if (!truth.has(name)) this.problems.push(`${kind} ${name} came from nowhere`)
  }

  async #load(daemon: TestDaemon, client: Client): Promise<void> {
    const killed = new AbortController()
    const workers = Array.from({ length: 4 }, async () => {
      while (!killed.signal.aborted) await this.#change(client)
    })
    // After so many acknowledgements, at any point of what comes next: a busy machine gets as far as an idle one.
    const enough = this.#random.int(0, 12)
    const deadline = performance.now() + 5000
    while (this.#acknowledged.length < enough && performance.now() < deadline) await sleep(1)
    await sleep(this.#random.int(0, 10))
    const gone = daemon.kill()
    killed.abort()
    await Promise.all([gone, ...workers])
  }

  async #change(client: Client): Promise<void> {
    const kind = this.#random.pick(['lease', 'user'] as const)
    const truth = this.#truth[kind]
    const old = [...truth].filter(([, state]) => state === 'there').map(([name]) => name)
    const remove = old.length > 40 || (old.length > 0 && this.#random.next() < 0.3)
    const name = remove ? this.#random.pick(old) : `n${this.#next++}`
    truth.set(name, 'unknown')
    try {
      if (kind === 'lease')
        await (remove ? client.call('leases.release', { name }) : client.call('leases.allocate', { name }))
      else
        await (remove
          ? client.call('users.remove', { name })
          : client.call('users.add', { name, role: 'viewer' }))
    } catch {
      // The daemon was killed under the call: whether it was done is for the next start to tell.
      return
    }
    truth.set(name, remove ? 'gone' : 'there')
    this.#acknowledged.push({ action: remove ? 'delete' : 'create', name })
  }
}

test(
  'R1: whenever the daemon is killed, everything it had acknowledged is there, and the chain holds',
  async () => {
    const cycles = scale(200, 10_000)
    const lanes = [1, 2, 3, 4].map((seed) => new Lane(seed))
    const verified = await Promise.all(
      lanes.map(async (lane) => {
        for (let i = 0; i < cycles / lanes.length; i++) await lane.cycle()
        return lane.finish()
      }),
    )
    const promised = lanes.reduce((sum, lane) => sum + lane.promised, 0)
    const entries = verified.reduce((sum, one) => sum + one.entries, 0)
    expect(lanes.flatMap((lane) => lane.problems)).toEqual([])
    expect(verified.every(({ ok }) => ok)).toBe(true)
    expect(promised).toBeGreaterThan(cycles)
    figure(
      'R1',
      `${cycles} kills, ${promised} acknowledged changes all there, ${entries} audit records in whole chains`,
    )
  },
  scale(600_000, 36_000_000),
)
