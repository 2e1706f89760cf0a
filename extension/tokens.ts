import type { SecretStorage } from 'vscode'
import type { Tokens } from './daemon-source.ts'

const keyOf = (url: string): string => `quantumAdmin.token:${url}`

/** Tokens of teams' daemons, by address, in VS Code's SecretStorage. */
export class SecretTokens implements Tokens {
  readonly #secrets: SecretStorage

  constructor(secrets: SecretStorage) {
    this.#secrets = secrets
  }

  async get(url: string): Promise<string | undefined> {
    return this.#secrets.get(keyOf(url))
  }

  async keep(url: string, token: string): Promise<void> {
    await this.#secrets.store(keyOf(url), token)
  }

  async forget(url: string): Promise<void> {
    await this.#secrets.delete(keyOf(url))
  }
}
