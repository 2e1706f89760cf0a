import type { Owned } from '#base/lifetime.ts'
import type { Checker, CommandQuestion, HttpQuestion } from './checker.ts'
import { checkCommand } from './command-check.ts'
import { SharedLookup } from './shared-lookup.ts'
import { HttpCheck } from './http-check.ts'
import { checkTcp } from './tcp-check.ts'

/** Checks over the network of this machine, and by its shell. */
export class NetChecker implements Checker, Owned {
  readonly #lookup = new SharedLookup()
  readonly #http = new HttpCheck(this.#lookup)

  http(question: HttpQuestion) {
    return this.#http.ask(question)
  }

  tcp(host: string, port: number, timeoutMs: number) {
    return checkTcp(this.#lookup, host, port, timeoutMs)
  }

  command(question: CommandQuestion) {
    return checkCommand(question)
  }

  dispose(): void {
    this.#http.dispose()
  }
}
