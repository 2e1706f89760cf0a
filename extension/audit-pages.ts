import type { AuditEntry } from '#contract/audit.ts'
import { label } from './display.ts'

/** What is loaded of the trail, newest first. */
export interface AuditPages {
  readonly entries: readonly AuditEntry[]
  /** The cursor of the next older page; null at the beginning of the trail. */
  readonly next: string | null
}

/** Adds the next older page. */
export const withOlder = (pages: AuditPages, older: AuditPages): AuditPages => ({
  entries: [...pages.entries, ...older.entries],
  next: older.next,
})

/**
 * Puts a newly fetched first page before what is already loaded. Where they do not meet, something between them
 * is unknown, so only the new page counts.
 */
export function withNewest(pages: AuditPages, newest: AuditPages): AuditPages {
  const last = newest.entries.at(-1)
  if (last === undefined || newest.next === null) return newest
  const known = pages.entries.findIndex((entry) => entry.sequence === last.sequence)
  if (known === -1) return newest
  return { entries: [...newest.entries, ...pages.entries.slice(known + 1)], next: pages.next }
}

/** What was done to what, such as `stop port 3000`. */
export const entryTitle = ({ action, resource }: AuditEntry): string =>
  label(
    resource.name.startsWith(resource.type)
      ? `${action} ${resource.name}`
      : `${action} ${resource.type} ${resource.name}`,
  )
