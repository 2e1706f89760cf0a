import type { AuditFilter } from '#contract/audit.ts'

const filterNames = ['actor', 'action', 'resource', 'project', 'outcome', 'since', 'until', 'text'] as const

/** The filter among a verb's options. */
export const filterOf = (options: AuditFilter): AuditFilter =>
  Object.fromEntries(
    filterNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
