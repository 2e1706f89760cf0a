import type { AskedPort } from '#contract/language.ts'
import type { AppConfig } from '../config/read-config.ts'
import { entryFor, type Outline, type Span } from './outline.ts'

/** The port that a configuration asks for, and where; null where it asks for none, or for none that counts. */
export function askedPortIn(
  outline: Outline,
  config: AppConfig | null,
): (Span & Pick<AskedPort, 'port' | 'section'>) | null {
  const own = config?.run.port ?? null
  const [section, port] =
    own === null ? (['server', config?.server.port ?? null] as const) : (['admin', own] as const)
  const value = entryFor(outline, section === 'admin' ? ['admin', 'run', 'port'] : ['server', 'port'])?.value
  if (port === null || value === null || value === undefined) return null
  return { port, section, start: value.start, end: value.end }
}
