import type { SecretList, SecretRow, SecretKeyPlace } from '#contract/secrets.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Secrets, Vault } from '../../adapters/secrets/vault.ts'
import type { Change } from '../../kernel/execute.ts'
import { formsOf, withoutForms } from './without-values.ts'

export interface SecretsDeps {
  readonly vault: Vault
  readonly clock: Clock
}

/** So many can be kept: each change writes them all. */
const most = 1000

const valuesOf = (secrets: Secrets): readonly string[] => [...secrets.values()].map(({ value }) => value)

/** Secrets by name. What they hold goes to what connects with them, and to nobody else. */
export class SecretsService implements Owned {
  /** Told after a secret was set or removed. */
  readonly changed = new Emitter<void>()
  readonly #deps: SecretsDeps
  #secrets: Promise<Secrets> | null = null
  /** Values that were read in this start, so that they can be kept out of texts. */
  #held: readonly string[] = []
  /** The forms in which they may stand in a text. */
  #forms: readonly string[] = []
  /** {@link forms} may be others. */
  readonly formsChanged = new Emitter<void>()
  /** Settles when the writer before is done. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(deps: SecretsDeps) {
    this.#deps = deps
  }

  /** @throws Failure `secrets-unavailable`. */
  async list(): Promise<SecretList> {
    const secrets = await this.#load()
    const rows = [...secrets].map(([name, { changedAt }]) => ({ name, changedAt }))
    return { rows: rows.sort((a, b) => a.name.localeCompare(b.name)), key: this.#deps.vault.place }
  }

  /** What a secret holds, for whoever connects with it; null when there is none. @throws Failure `secrets-unavailable`. */
  async value(name: string): Promise<string | null> {
    return (await this.#load()).get(name)?.value ?? null
  }

  /** When a secret was last changed; null when there is none, or none can be read. It never rejects. */
  async changedAt(name: string): Promise<string | null> {
    try {
      return (await this.#load()).get(name)?.changedAt ?? null
    } catch {
      // Whoever uses the secret is told why.
      return null
    }
  }

  /**
   * A text without what the secrets hold, in whatever form it may have got there: those that somebody has used since this
   * start, or all when it was asked before whether that is {@link needed}.
   */
  hide = (text: string): string => withoutForms(text, this.#forms)

  /** The spellings of what is to be hidden, longest first. */
  get forms(): readonly string[] {
    return this.#forms
  }

  /** Whether there is anything to hide. What cannot be read now was given to nobody since this start either. */
  needed = async (): Promise<boolean> => {
    await this.#load().catch(() => undefined)
    return this.#forms.length > 0
  }

  /** @throws Failure `secrets-unavailable`, `conflict` when there are too many. */
  set(change: Change, name: string, value: string): Promise<SecretRow> {
    return this.#exclusively(async () => {
      const secrets = await this.#load()
      if (!secrets.has(name) && secrets.size >= most)
        throw new Failure('conflict', `There are ${most} secrets already, which is as many as can be kept`, {
          hint: 'Remove those that are no longer used with `quantum-admin secrets remove NAME`.',
        })
      const changedAt = isoTime(this.#deps.clock.now())
      // From now on, so that not even what goes wrong while it is written tells it.
      this.#hold([value])
      const next = new Map(secrets).set(name, { value, changedAt })
      await this.#deps.vault.save(change, next)
      change.note({ existed: secrets.has(name) })
      this.#keep(next)
      return { name, changedAt }
    })
  }

  /** @throws Failure `not-found`, `secrets-unavailable`. */
  remove(change: Change, name: string): Promise<null> {
    return this.#exclusively(async () => {
      const next = new Map(await this.#load())
      if (!next.delete(name))
        throw new Failure('not-found', `There is no secret ${name}`, {
          hint: '`quantum-admin secrets list` shows them all.',
        })
      await this.#deps.vault.save(change, next)
      this.#keep(next)
      return null
    })
  }

  /** @throws Failure `secrets-unavailable`. */
  rotate(change: Change): Promise<{ readonly key: SecretKeyPlace }> {
    return this.#exclusively(async () => {
      const { vault } = this.#deps
      await vault.rotate(change, await this.#load())
      return { key: vault.place ?? 'file' }
    })
  }

  async dispose(): Promise<void> {
    await this.#writing
  }

  /** What cannot be read is tried again next time: somebody may have unlocked the keychain meanwhile. */
  #load(): Promise<Secrets> {
    this.#secrets ??= this.#deps.vault.load().then(
      (secrets) => {
        this.#hold(valuesOf(secrets))
        return secrets
      },
      (error: unknown) => {
        this.#secrets = null
        throw error
      },
    )
    return this.#secrets
  }

  #keep(secrets: Secrets): void {
    this.#secrets = Promise.resolve(secrets)
    this.#hold(valuesOf(secrets))
    this.changed.emit()
  }

  /** What was replaced may still be in use somewhere. */
  #hold(values: readonly string[]): void {
    this.#held = [...new Set([...this.#held, ...values])]
    this.#forms = formsOf(this.#held)
    this.formsChanged.emit()
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work)
    this.#writing = done.catch(() => undefined)
    return done
  }
}
