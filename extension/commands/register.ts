import { commands } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Report } from '../report.ts'

/** Handlers by command id; the argument is the node a menu was opened on. */
export type Handlers = Readonly<Record<`quantumAdmin.${string}`, (argument?: unknown) => unknown>>

/** Registers commands whose errors are shown instead of thrown at VS Code. */
export function registerCommands(handlers: Handlers, report: Report): Owned {
  const lifetime = new Lifetime()
  for (const [id, handler] of Object.entries(handlers))
    lifetime.own(
      commands.registerCommand(id, (argument: unknown) => report.guard(async () => handler(argument))),
    )
  return lifetime
}
