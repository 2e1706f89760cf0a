import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '#client/client.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { IncidentTimeline } from '#contract/incident-timeline.ts'
import type { TestDaemon } from './daemon.ts'
import { billing, database, shop } from './fault-apps.ts'
import { freePort } from './free-port.ts'

/** Seconds between checks, and how many of them fail before an incident. */
export const intervalMs = 1000

const price = `exports.total = (prices) => prices.reduce((sum, price) => sum + price, 0)\n`

interface Shop {
  /** Lines of `admin.run.env`, and of `admin`. */
  readonly env?: Readonly<Record<string, string | number>>
  readonly admin?: readonly string[]
  readonly command?: string
  readonly settings?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<Record<string, string>>
  /** Further checks. */
  readonly checks?: readonly string[]
}

/** The apps and processes of one fault, on a daemon that others use as well. */
export class FaultWorld {
  readonly daemon: TestDaemon
  readonly client: Client
  /** Name of the app that is to fail. */
  readonly name: string
  readonly #root: string
  readonly #children: ChildProcess[] = []
  readonly #apps: string[] = []

  constructor(daemon: TestDaemon, client: Client, name: string) {
    this.daemon = daemon
    this.client = client
    this.name = name
    this.#root = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-fault-')))
    // Programs of other users are started in it.
    chmodSync(this.#root, 0o755)
  }

  get folder(): string {
    return this.folderOf(this.name)
  }

  folderOf(app: string): string {
    return path.join(this.#root, app)
  }

  write(file: string, text: string, app = this.name): void {
    const whole = path.join(this.folderOf(app), file)
    mkdirSync(path.dirname(whole), { recursive: true })
    writeFileSync(whole, text)
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), 'utf8')
  }

  /** Replaces a text of a file, as an editor does. */
  edit(file: string, from: string, to: string, app = this.name): void {
    const whole = path.join(this.folderOf(app), file)
    const text = readFileSync(whole, 'utf8')
    if (!text.includes(from)) throw new Error(`There is no ${from} in ${file}`)
    writeFileSync(whole, text.replace(from, to))
  }

  /** Writes the shop, starts it and waits until it is known to be well. */
  async shop({
    env = {},
    admin = [],
    command,
    settings = {},
    files = {},
    checks = [],
  }: Shop = {}): Promise<void> {
    const lines = [
      'admin:',
      ...admin,
      '  run:',
      `    command: ${command ?? 'exec node server.cjs $PORT'}`,
      '    restart: { policy: never }',
      ...(Object.keys(env).length === 0 ? [] : ['    env:']),
      ...Object.entries(env).map(([key, value]) => `      ${key}: "${value}"`),
      '  health:',
      `    interval: ${intervalMs}ms`,
      '    timeout: 800ms',
      '    failures: 2',
      '    checks:',
      '      page: { path: /health }',
    ]
    this.write('quantum.config.yaml', `${lines.join('\n')}\n`)
    this.write('server.cjs', shop)
    this.write('lib/price.cjs', price)
    this.write('lib/other.cjs', '// nothing yet\n')
    this.write('README.md', '# A shop\n')
    this.write('settings.json', `${JSON.stringify({ limit: 10, ...settings }, null, 2)}\n`)
    for (const [file, text] of Object.entries(files)) this.write(file, text)
    await this.start(this.name)
    if (checks.length > 0) {
      // Those of addresses are made also while the app does not run, and would fail before it does.
      this.write('quantum.config.yaml', `${[...lines, ...checks].join('\n')}\n`)
      for (const one of checks) await this.goods(3, /(\w+):/.exec(one)?.[1])
    }
    await this.goods(3)
  }

  /** What the shop asks: an app of its own. @returns its address. */
  async billing({ bank }: { readonly bank?: number } = {}): Promise<{
    readonly app: string
    readonly url: string
  }> {
    const app = `${this.name}-billing`
    const port = await freePort()
    const lines = [
      'admin:',
      `  run: { command: exec node billing.cjs, port: ${port}, restart: { policy: never }, env: { DELAY: "0"${bank === undefined ? '' : `, BANK_PORT: "${bank}"`} } }`,
      `  health: { interval: ${intervalMs}ms, failures: 2 }`,
    ]
    this.write('quantum.config.yaml', `${lines.join('\n')}\n`, app)
    this.write('billing.cjs', billing, app)
    this.write('answer.cjs', `exports.answer = () => 'paid'\n`, app)
    await this.start(app)
    return { app, url: `http://127.0.0.1:${port}/` }
  }

  /** A database that nobody started through the daemon. */
  async database(
    token = '',
    port?: number,
  ): Promise<{ readonly port: number; readonly child: ChildProcess }> {
    const at = port ?? (await freePort())
    const child = spawn(process.execPath, ['-e', database, String(at), token], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#children.push(child)
    await once(child, 'message')
    return { port: at, child }
  }

  async start(app: string): Promise<void> {
    await this.client.call('apps.add', { folder: this.folderOf(app) })
    this.#apps.push(app)
    await this.client.call('apps.start', { app })
  }

  /** @returns when the app was there again, or had failed. */
  async restart(app = this.name): Promise<number> {
    await this.client.call('apps.restart', { app }).catch(() => undefined)
    return Date.now()
  }

  /** Asks the shop for a page. */
  async get(page: string): Promise<void> {
    const { rows } = await this.client.call('apps.list', {})
    const port = rows.find(({ name }) => name === this.name)?.port
    await fetch(`http://127.0.0.1:${port}${page}`, { signal: AbortSignal.timeout(1000) }).catch(
      () => undefined,
    )
  }

  /** The process of an app that listens. */
  async pid(app: string): Promise<number> {
    const { rows } = await this.client.call('ports.list', {})
    const pid = rows.find((row) => row.app === app)?.pid ?? null
    if (pid === null) throw new Error(`${app} does not listen`)
    return pid
  }

  /** Waits until so many checks were good one after the other. */
  async goods(count: number, check = 'page'): Promise<void> {
    const since = Date.now()
    for (;;) {
      const asked = { app: this.name, check, limit: count }
      const detail = await this.client.call('health.show', asked).catch(() => null)
      const good = detail?.results.filter(({ at, grade }) => grade === 'good' && Date.parse(at) > since)
      if (good?.length === count) return
      if (Date.now() - since > 30_000) throw new Error(`${this.name} is ${detail?.state}: ${detail?.reason}`)
      await wait(100)
    }
  }

  /** What everybody does meanwhile: edits that do no harm, and others' restarts. */
  async quietly(): Promise<void> {
    this.edit('lib/other.cjs', 'nothing', 'something')
    await this.restart()
    await this.goods(3)
  }

  /** @param folder - of the neighbour. */
  async busily(neighbour: string, folder: string): Promise<void> {
    this.write('README.md', '# A shop\n\nIt sells things.\n')
    writeFileSync(path.join(folder, 'server.cjs'), '// the same\n', { flag: 'a' })
    await this.restart(neighbour)
  }

  git(...words: readonly string[]): void {
    const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com']
    execFileSync('git', [...who, ...words], { cwd: this.folder, stdio: 'ignore' })
  }

  /** The incident of the shop, once there is one, and what is said of it. */
  async incident(): Promise<{ readonly row: IncidentRow; readonly timeline: IncidentTimeline }> {
    for (const since = Date.now(); ;) {
      const { rows } = await this.client.call('incidents.list', { app: this.name })
      const [row] = rows
      if (row !== undefined)
        return { row, timeline: await this.client.call('incidents.timeline', { number: row.number }) }
      if (Date.now() - since > 30_000) throw new Error(`${this.name} has no incident`)
      await wait(100)
    }
  }

  async dispose(): Promise<void> {
    for (const app of this.#apps) await forget(this.client, app)
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.#root, { recursive: true, force: true })
  }
}

/** Ends an app, and gives its port back. */
export async function forget(client: Client, app: string): Promise<void> {
  await client.call('apps.stop', { app }).catch(() => undefined)
  await client.call('apps.remove', { app }).catch(() => undefined)
  await client.call('leases.release', { name: app }).catch(() => undefined)
}
