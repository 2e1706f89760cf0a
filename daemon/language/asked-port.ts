import type { AppConfig } from '../config/read-config.ts'
import { entryFor, type Outline, type Span } from './outline.ts'

/** The port that a configuration asks for, as it is run, and where; null where it asks for none, or for none that counts. */
export function askedPortIn(
  outline: Outline,
  config: AppConfig | null,
): (Span & { readonly port: number }) | null {
  const own = config?.run.port ?? null
  const port = own ?? config?.server.port ?? null
  const value = entryFor(outline, own === null ? ['server', 'port'] : ['admin', 'run', 'port'])?.value ?? null
  return port === null || value === null ? null : { port, start: value.start, end: value.end }
}
