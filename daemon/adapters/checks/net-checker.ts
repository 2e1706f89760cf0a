import type { Owned } from '#base/lifetime.ts'
import type { Checker, CommandQuestion, HttpQuestion } from './checker.ts'
import { checkCommand } from './command-check.ts'
import { SharedLookup } from './shared-lookup.ts'
import type { HttpCheck } from './http-check.ts'
import { checkTcp } from './tcp-check.ts'

/** Checks over the network of this machine, and by its shell. */
export class NetChecker implements Checker, Owned {
  readonly #lookup = new SharedLookup()
  #http: Promise<HttpCheck> | undefined

  async http(question: HttpQuestion) {
    const http = await (this.#http ??= loadHttp(this.#lookup))
    return http.ask(question)
  }

  tcp(host: string, port: number, timeoutMs: number) {
    return checkTcp(this.#lookup, host, port, timeoutMs)
  }

  command(question: CommandQuestion) {
    return checkCommand(question)
  }

  async dispose(): Promise<void> {
    const http = await this.#http
    http?.dispose()
  }
}

/** With the first check of a server: TLS takes five megabytes, and a daemon may have nothing to check. */
async function loadHttp(lookup: SharedLookup): Promise<HttpCheck> {
  const { HttpCheck: Check } = await import('./http-check.ts')
  return new Check(lookup)
}
