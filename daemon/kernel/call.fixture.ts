import type { MethodName, Params, Result } from '#contract/index.ts'
import type { Role } from '#contract/method.ts'
import type { CallContext, Execute } from './execute.ts'

/** Calls one method of the contract. */
export type TestCall = <M extends MethodName>(name: M, params: Params<M>) => Promise<Result<M>>

/** What a call comes with that nobody cancels and nobody listens to; `context` sets what a test is about. */
export const callContext = (role: Role, context: Partial<CallContext> = {}): CallContext => ({
  caller: { id: 'u-ana', name: 'ana', client: 'test/0', address: 'local', role },
  signal: new AbortController().signal,
  connection: 'test',
  progress: () => undefined,
  emit: () => Promise.resolve(),
  ...context,
})

/** Calls a capability's methods the way a client does: through the one door. */
export const callsAs =
  (execute: Execute, role: Role, context: Partial<CallContext> = {}): TestCall =>
  <M extends MethodName>(name: M, params: Params<M>) =>
    execute(name, params, callContext(role, context)) as Promise<Result<M>>
