import type * as z from 'zod/mini'
import { appsMethods } from './apps.ts'
import { auditMethods } from './audit.ts'
import { connectorsMethods } from './connectors.ts'
import { healthMethods } from './health.ts'
import { historyMethods } from './history.ts'
import { jobsMethods, testsMethods } from './jobs.ts'
import { leasesMethods } from './leases.ts'
import { logsMethods } from './logs.ts'
import { metricsMethods } from './metrics.ts'
import type { Command, Query, ResultType } from './method.ts'
import { resourcesMethods } from './resources.ts'
import { secretsMethods } from './secrets.ts'
import { systemMethods } from './system.ts'
import { usersMethods } from './users.ts'

/** The whole API: what a name takes, answers, may be called by and leaves on the audit trail. */
export const contract = {
  ...systemMethods,
  ...resourcesMethods,
  ...leasesMethods,
  ...auditMethods,
  ...usersMethods,
  ...appsMethods,
  ...jobsMethods,
  ...testsMethods,
  ...connectorsMethods,
  ...secretsMethods,
  ...logsMethods,
  ...healthMethods,
  ...historyMethods,
  ...metricsMethods,
}

export type Contract = typeof contract
export type MethodName = keyof Contract

/** What a caller sends: members with a default may be left out. */
export type Params<M extends MethodName> = z.input<Contract[M]['params']>
/** What a handler receives after parsing. */
export type ParsedParams<M extends MethodName> = z.output<Contract[M]['params']>
export type Result<M extends MethodName> = Contract[M]['result'] extends ResultType<infer R> ? R : never

export type CommandName = {
  [M in MethodName]: Contract[M] extends Command<z.ZodMiniType, infer _> ? M : never
}[MethodName]
export type QueryName = {
  [M in MethodName]: Contract[M] extends Query<z.ZodMiniType, infer _> ? M : never
}[MethodName]

const names: ReadonlySet<string> = new Set(Object.keys(contract))

/** Looks a method up by a name from outside; an inherited member such as `constructor` is not one. */
export const isMethodName = (name: string): name is MethodName => names.has(name)
