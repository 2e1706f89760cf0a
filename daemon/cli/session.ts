import * as path from 'node:path'
import { dangers } from '#contract/dangers.ts'
import type { CommandName, Params, QueryName, Result } from '#contract/index.ts'
import type { ChangedEvent, Topic } from '#contract/system.ts'
import type { CallOptions, Client, ConnectionState } from '#client/client.ts'
import type { Persistence } from '#client/connect.ts'
import type { DaemonLauncher } from '#client/launch.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { asNode } from '#base/node-runtime.ts'
import { build } from '#base/version.ts'
import type { Confirmation } from './confirm.ts'
import { Output } from './output.ts'
import { isTerminal } from './terminal.ts'

/** Flags that every command takes. */
export interface Globals {
  readonly json: boolean
  readonly yes: boolean
  readonly color: boolean
  readonly quiet: boolean
  readonly watch: boolean
  readonly url?: string
  readonly ca?: string
}

/** Starts this machine's daemon with the Node.js and the build that run the command line. */
const launcher = (): DaemonLauncher => ({
  runtime: process.execPath,
  script: bundle('daemon.cjs'),
  env: asNode,
})

/** A file that was built beside the command line. */
export const bundle = (name: string): string => path.join(import.meta.dirname, name)

/** The folder with what ships beside the bundles, such as `docs`. */
export const packageFolder = (): string => path.dirname(import.meta.dirname)

/**
 * One run of the command line: its flags, its output, and the one connection it needs. Queries and commands
 * have separate doors, so that no command is sent without the question that the contract asks for.
 */
export class Session {
  readonly #globals: () => Globals
  readonly #interrupt = new AbortController()
  #out: Output | undefined
  #client: Promise<Client> | undefined
  /** Whether a daemon is started when none runs. */
  #launch = true

  /** @param globals - read when first needed, because flags are parsed after commands are declared. */
  constructor(globals: () => Globals) {
    this.#globals = globals
  }

  get globals(): Globals {
    return this.#globals()
  }

  get out(): Output {
    return (this.#out ??= new Output(this.globals))
  }

  /** Aborted by Ctrl-C. */
  get signal(): AbortSignal {
    return this.#interrupt.signal
  }

  /** Whether it speaks to a daemon elsewhere. */
  get remote(): boolean {
    return this.globals.url !== undefined
  }

  /** Cancels what runs. */
  interrupt(): void {
    this.#interrupt.abort(new Failure('cancelled', 'Interrupted'))
  }

  /** From now on a missing daemon is an answer and not a reason to start one. */
  connectOnly(): void {
    this.#launch = false
  }

  /** A missing daemon is started again, as it is at first. */
  mayStart(): void {
    this.#launch = true
  }

  /** @throws Failure `wrong-use` with `--url`. */
  localOnly(what: string): void {
    if (this.remote)
      throw new Failure('wrong-use', `${what} works on this machine's daemon only, not with --url`)
  }

  async query<M extends QueryName>(
    name: M,
    params: Params<M>,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    const client = await this.#connected()
    return client.call(name, params, { signal: this.signal, ...options })
  }

  /** Asks what the contract asks for, then sends the command. */
  async command<M extends CommandName>(
    name: M,
    params: Params<M>,
    ...[confirmation, options]: (typeof dangers)[M] extends 'none'
      ? [confirmation?: null, options?: CallOptions]
      : [confirmation: Confirmation, options?: CallOptions]
  ): Promise<Result<M>> {
    const [result] = await this.#confirmed(name, [params], confirmation ?? null, options)
    if (result === undefined) throw new Error('One command has one result')
    if (result.status === 'rejected') throw result.reason
    return result.value
  }

  /** As {@link command} for several targets: asks once and sends all at once. @returns how each went, in order. */
  commands<M extends CommandName>(
    name: M,
    params: readonly Params<M>[],
    confirmation: (typeof dangers)[M] extends 'none' ? null : Confirmation,
  ): Promise<readonly PromiseSettledResult<Result<M>>[]> {
    return this.#confirmed(name, params, confirmation)
  }

  /** Watches topics over a connection that is made again when it is lost. */
  async watch(topics: readonly Topic[], listener: (event: ChangedEvent) => void): Promise<Owned> {
    const client = await this.#connected('keep')
    return client.watch(topics, listener)
  }

  async onState(listener: (state: ConnectionState) => void): Promise<Owned> {
    return (await this.#connected('keep')).onState(listener)
  }

  /** Ends the connection, so that the next call makes a new one. */
  async disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    // A connection that could not be made has already been reported by the call that wanted it.
    await client?.then(
      (connected) => connected.dispose(),
      () => {},
    )
  }

  async #confirmed<M extends CommandName>(
    name: M,
    params: readonly Params<M>[],
    confirmation: Confirmation | null,
    options: CallOptions = {},
  ): Promise<readonly PromiseSettledResult<Result<M>>[]> {
    if (confirmation !== null) {
      const { confirm } = await import('./confirm.ts')
      await confirm(dangers[name], confirmation, { yes: this.globals.yes, signal: this.signal })
    }
    const client = await this.#connected()
    return Promise.allSettled(
      params.map((one) => client.call(name, one, { signal: this.signal, ...options })),
    )
  }

  #connected(persistence: Persistence = this.globals.watch ? 'keep' : 'once'): Promise<Client> {
    return (this.#client ??= this.#connect(persistence))
  }

  async #connect(persistence: Persistence): Promise<Client> {
    const { connectLocal, connectRemote } = await import('#client/connect.ts')
    const { url, ca } = this.globals
    const name = `cli/${build.version}`
    if (url !== undefined) {
      const { remoteOptions } = await import('./remote.ts')
      return this.#announced(connectRemote({ ...(await remoteOptions(url, ca)), client: name }, persistence))
    }
    if (ca !== undefined) throw new Failure('wrong-use', '--ca only goes with --url')
    return this.#announced(
      connectLocal({ client: name, launcher: this.#launch ? launcher() : null }, persistence),
    )
  }

  /** Says on a terminal what is being waited for, once it takes long enough to wonder. */
  #announced(client: Client): Client {
    if (!isTerminal(process.stderr) || this.globals.quiet || this.globals.json) return client
    let said = ''
    const timer = setTimeout(() => say(client.state), 400)
    timer.unref()
    const say = (state: ConnectionState): void => {
      if (state.state !== 'connecting' || state.waitingFor === said) return
      said = state.waitingFor
      this.out.note(this.out.paintNote('dim', `Waiting for ${said} …`))
    }
    return client
  }
}
