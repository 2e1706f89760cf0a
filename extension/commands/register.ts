import { commands } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Report } from '../report.ts'

/**
 * What a command gets instead of its row when VS Code no longer knows the row: between asking for the rows of a
 * group that changed and having them, it finds nothing under the handle that was clicked.
 */
export const lostRow = Symbol('a row that was just replaced')

/** Handlers by command id; the argument is the node a menu was opened on. */
export type Handlers = Readonly<Record<`quantumAdmin.${string}`, (argument?: unknown) => unknown>>

/** Registers commands whose errors are shown instead of thrown at VS Code. */
export function registerCommands(handlers: Handlers, report: Report): Owned {
  const lifetime = new Lifetime()
  for (const [id, handler] of Object.entries(handlers))
    lifetime.own(
      commands.registerCommand(id, (...given: readonly unknown[]) =>
        report.guard(async () => handler(given.length === 0 ? undefined : (given[0] ?? lostRow))),
      ),
    )
  return lifetime
}
