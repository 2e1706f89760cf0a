import { isDeepStrictEqual } from 'node:util'
import type { ConnectorDetail, ConnectorRow, ConnectorTls } from '#contract/connectors.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { oneAtATime } from '#base/one-at-a-time.ts'
import type { Prober, ProbeResult } from '../../adapters/connectors/prober.ts'
import { substitute } from '../../config/config-variables.ts'
import type { Change } from '../../kernel/execute.ts'
import { appDefinitions, type AppDatasources } from './app-definitions.ts'
import { connectorDetail, connectorRow } from './connector-rows.ts'
import type { AddedConnector, ConnectorsStore, StoredTest } from './connectors-store.ts'
import { fingerprintOf, keyOf, passwordMark, type Definition } from './definition.ts'
import { ownDefinition, ownTls } from './own-definitions.ts'
import { tell } from './reasons.ts'

export interface ConnectorsDeps {
  readonly store: ConnectorsStore
  readonly prober: Prober
  readonly clock: Clock
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  /** What the configuration of each app says of databases. */
  readonly datasources: () => Promise<readonly AppDatasources[]>
  /** What a secret holds; null when there is none. @throws what the secrets do. */
  readonly secret: (name: string) => Promise<string | null>
  /** When a secret was last changed. It never rejects. */
  readonly secretChangedAt: (name: string) => Promise<string | null>
  /** A text without these values and those of all secrets. */
  readonly withoutSecrets: (text: string, values: readonly string[]) => string
  /** Who listens on a port of this machine, for a person; null when nobody knows. */
  readonly holderOf: (port: number) => Promise<string | null>
  /** Told of what went wrong where nobody asked. */
  readonly report: (error: unknown) => void
  /** What `${NAME}` of a person's own connectors is taken from. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface ConnectorName {
  readonly name: string
  readonly app?: string | null | undefined
}

interface Wanted extends ConnectorName {
  readonly url: string
  readonly password?: string | null | undefined
  readonly tls?: ConnectorTls | null | undefined
  readonly ca?: string | null | undefined
}

/** A password as it stands now: what it is, or the secret that holds it. */
type Password =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'problem'; readonly message: string }

const usualLimitMs = 10_000
/** So many of a person's own. */
const most = 500

/** Connectors of apps and of people: what they are, and how they were when somebody last tested them. */
export class ConnectorsService implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: ConnectorsDeps
  readonly #own = new Map<string, AddedConnector>()
  readonly #tests = new Map<string, StoredTest>()
  /** What each password was when its connector was tested, as far as that was in this start. */
  readonly #marks = new Map<string, string>()
  #rows: readonly ConnectorRow[] = []
  #version = 0
  /** Looks are counted: how many have begun, and of which the rows are. */
  #begun = 0
  #seen = 0
  #looking: Promise<void> = Promise.resolve()
  readonly #look = oneAtATime(async () => {
    try {
      await this.list()
    } catch (error) {
      this.#deps.report(error)
    }
  })

  constructor(deps: ConnectorsDeps) {
    this.#deps = deps
  }

  /** Takes up what was added and tested before this start. */
  async open(): Promise<void> {
    for (const own of await this.#deps.store.list()) this.#own.set(own.name, own)
    for (const test of await this.#deps.store.tests()) this.#tests.set(keyOf(test), test)
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /** Looks again, because what connectors are made of may have changed, and tells whoever watches. It never rejects. */
  look(): Promise<void> {
    return (this.#looking = this.#look())
  }

  /** Whoever was the first to see it, all who watch are told. */
  #take(rows: readonly ConnectorRow[]): void {
    if (isDeepStrictEqual(rows, this.#rows)) return
    this.#rows = rows
    this.#version++
    this.changed.emit()
  }

  /** All connectors: those of apps by app, then a person's own. */
  async list(): Promise<{ readonly revision: string; readonly rows: readonly ConnectorRow[] }> {
    const begun = ++this.#begun
    const definitions = await this.#definitions()
    const rows = await Promise.all(definitions.map((definition) => this.#row(definition)))
    // A slow look must not undo what a later one has seen.
    if (begun > this.#seen) {
      this.#seen = begun
      this.#take(rows)
    }
    return { revision: this.revision, rows: this.#rows }
  }

  /** @throws Failure `not-found`. */
  async show(name: ConnectorName): Promise<ConnectorDetail> {
    const definition = await this.#find(name)
    return connectorDetail(definition, await this.#row(definition))
  }

  /** Connects once. @throws Failure `not-found`, `cancelled`, `secrets-unavailable`. */
  async test(change: Change, name: ConnectorName, limitMs = usualLimitMs): Promise<ConnectorRow> {
    const definition = await this.#find(name)
    const password = this.#password(definition)
    const fingerprint = await this.#fingerprint(definition, password)
    const result = await this.#connect(change, definition, password, limitMs)
    // It may have been removed meanwhile, and its test goes with it.
    await this.#find(name)
    const test: StoredTest = {
      app: definition.app ?? '',
      name: definition.name,
      fingerprint,
      testedAt: isoTime(this.#deps.clock.now()),
      ...result,
    }
    await this.#deps.store.saveTest(change, test)
    change.note({ status: test.status, fault: test.fault, latencyMs: test.latencyMs })
    this.#tests.set(keyOf(definition), test)
    this.#marks.set(keyOf(definition), markOf(password))
    await this.look()
    return this.#row(definition)
  }

  /**
   * Connects once for somebody who looks again and again, and keeps nothing of it.
   * @throws Failure `not-found`, `secrets-unavailable`.
   */
  async ping(
    change: Change,
    name: ConnectorName,
    limitMs: number,
  ): Promise<{ readonly latencyMs: number | null; readonly reason: string | null }> {
    const definition = await this.#find(name)
    return this.#connect(change, definition, this.#password(definition), limitMs)
  }

  /** @throws Failure `conflict`, `invalid-params`. */
  async add(change: Change, wanted: Wanted): Promise<ConnectorRow> {
    const { name, url, password = null, ca = null } = wanted
    if (this.#own.has(name))
      throw new Failure('conflict', `There is a connector ${name} already`, {
        hint: `Remove it with \`quantum-admin connectors remove ${name}\`, or choose another name.`,
      })
    if (this.#own.size >= most) throw new Failure('conflict', `There are ${most} connectors already`)
    const tls = ownTls(url, wanted.tls ?? null)
    const added = { name, url, password, tls, ca, addedAt: isoTime(this.#deps.clock.now()) }
    const definition = ownDefinition(added, this.#deps.environment)
    const row = connectorRow(definition, null)
    change.note({ type: row.type, address: row.address, tls })
    await this.#deps.store.add(change, added)
    this.#own.set(name, added)
    await this.look()
    return row
  }

  /** @throws Failure `not-found`. */
  async remove(change: Change, name: string): Promise<null> {
    if (!this.#own.has(name)) throw notFound(name)
    await this.#deps.store.remove(change, name)
    this.#own.delete(name)
    this.#tests.delete(keyOf({ app: null, name }))
    await this.look()
    return null
  }

  async dispose(): Promise<void> {
    await this.#looking
    this.#marks.clear()
  }

  async #definitions(): Promise<readonly Definition[]> {
    const { datasources, environment } = this.#deps
    const own = [...this.#own.values()].sort((a, b) => a.name.localeCompare(b.name))
    const ofApps = (await datasources()).flatMap(appDefinitions)
    return [...ofApps, ...own.map((connector) => ownDefinition(connector, environment))]
  }

  async #find({ name, app = null }: ConnectorName): Promise<Definition> {
    const found = (await this.#definitions()).find((one) => one.name === name && one.app === app)
    if (found === undefined) throw notFound(name, app)
    return found
  }

  async #row(definition: Definition): Promise<ConnectorRow> {
    const key = keyOf(definition)
    const test = this.#tests.get(key)
    if (test === undefined) return connectorRow(definition, null)
    const password = this.#password(definition)
    const mark = this.#marks.get(key)
    const isSame =
      test.fingerprint === (await this.#fingerprint(definition, password)) &&
      (mark === undefined || mark === markOf(password))
    return connectorRow(definition, isSame ? test : null)
  }

  async #fingerprint(definition: Definition, password: Password): Promise<string> {
    const changedAt = password.kind === 'secret' ? await this.#deps.secretChangedAt(password.name) : null
    return fingerprintOf(definition, changedAt)
  }

  #password({ password, variables }: Definition): Password {
    if (password === null || password === '') return { kind: 'value', value: null }
    const { text, problems } = password.startsWith('secret:')
      ? { text: password, problems: [] }
      : substitute(password, variables, false)
    const missing = problems.find(({ severity }) => severity === 'error')
    if (missing !== undefined) return { kind: 'problem', message: `password: ${missing.message}` }
    const [, name] = /^secret:([\w.-]+)$/.exec(text) ?? []
    return name === undefined ? { kind: 'value', value: text } : { kind: 'secret', name }
  }

  async #connect(
    change: Change,
    definition: Definition,
    from: Password,
    limitMs: number,
  ): Promise<Omit<StoredTest, 'app' | 'name' | 'fingerprint' | 'testedAt'>> {
    const misconfigured = (problem: string) =>
      this.#told(
        { ...definition, problem },
        { ok: false, fault: 'misconfigured', speaks: null, code: null },
        limitMs,
      )
    if (definition.problem !== null) return misconfigured(definition.problem)
    if (from.kind === 'problem') return misconfigured(from.message)
    const password = from.kind === 'value' ? from.value : await this.#deps.secret(from.name)
    if (from.kind === 'secret' && password === null)
      return misconfigured(
        `There is no secret ${from.name}; \`quantum-admin secrets set ${from.name}\` keeps one`,
      )
    const { type, host, port, database, user, tls, ca, app } = definition
    const result = await this.#deps.prober.probe(
      change,
      { type, host, port, database, user, password, tls, ca, limitMs, guarded: app !== null },
      change.signal,
    )
    if (!result.ok) return this.#told(definition, result, limitMs)
    const hidden = password === null ? [] : [password]
    const version = result.version === null ? null : this.#deps.withoutSecrets(result.version, hidden)
    return {
      status: 'connected',
      fault: null,
      reason: null,
      advice: null,
      latencyMs: result.latencyMs,
      version,
    }
  }

  async #told(
    definition: Definition,
    failed: Extract<ProbeResult, { ok: false }>,
    limitMs: number,
  ): Promise<Omit<StoredTest, 'app' | 'name' | 'fingerprint' | 'testedAt'>> {
    const { host, port } = definition
    const holder = isHere(host) && port !== null ? await this.#deps.holderOf(port) : null
    return {
      ...tell(definition, failed, limitMs, holder),
      fault: failed.fault,
      latencyMs: null,
      version: null,
    }
  }
}

const markOf = (password: Password): string =>
  password.kind === 'value' ? passwordMark(password.value) : JSON.stringify(password)

/** Whether a host is this machine itself. */
const isHere = (host: string | null): boolean =>
  host !== null && /^(?:localhost|127(?:\.\d{1,3}){3}|::1|0\.0\.0\.0)$/i.test(host)

function notFound(name: string, app: string | null = null): Failure {
  const what = app === null ? `connector ${name}` : `connector ${name} of ${app}`
  return new Failure('not-found', `There is no ${what}`, {
    hint: '`quantum-admin connectors list` shows them all.',
  })
}
