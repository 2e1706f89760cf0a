// What both ends of the wire need at run time, without zod: it would cost the command line a third of its start.

/** The wire's version: both sides must name the same one in the handshake. */
export const protocolVersion = 1

/** What can be subscribed to. A `changed` notification carries the topic and its new revision, never data. */
export const topics = [
  'ports',
  'processes',
  'containers',
  'leases',
  'audit',
  'users',
  'apps',
  'jobs',
  'connectors',
  'logs',
  'health',
  'metrics',
] as const
export type Topic = (typeof topics)[number]

export interface ChangedEvent {
  readonly topic: Topic
  /** Opaque; equal revisions mean equal data, across reconnects too. */
  readonly revision: string
}
