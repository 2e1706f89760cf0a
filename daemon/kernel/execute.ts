import type { Actor } from '#contract/audit.ts'
import {
  contract,
  isMethodName,
  type CommandName,
  type MethodName,
  type ParsedParams,
  type QueryName,
  type Result,
} from '#contract/index.ts'
import { roles, type AuditTarget, type Command, type Role } from '#contract/method.ts'
import type { Clock } from '#base/clock.ts'
import { Failure, messageOf } from '#base/failure.ts'

/** Who calls, taken from the connection and never from params. */
export interface Caller extends Actor {
  readonly role: Role
  /** When the token it came with expires, in milliseconds since the epoch; a connection ends then too. */
  readonly until?: number
  /** The id of the token it came with, which can be revoked. */
  readonly tokenId?: string
}

/** What a handler may do while it runs, besides its own work. */
export interface CallContext {
  readonly caller: Caller
  /** Aborted when the caller cancels or the connection ends. */
  readonly signal: AbortSignal
  /** Identifies the connection; subscriptions hang on it. */
  readonly connection: string
  /** Tells the caller how far long work is; `percent` is 0 to 100. */
  progress(message: string, percent?: number): void
  /** Sends one piece of a streamed result; waits while the connection's buffer is full. */
  emit(piece: unknown): Promise<void>
}

/** How a command ended, for the audit trail. */
export interface Outcome {
  readonly outcome: 'ok' | 'failed' | 'refused'
  readonly errorCode: string | null
  readonly durationMs: number
  /** Old and new values and whatever else the handler noted. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Where intents and outcomes are kept. Both promises settle only when the record is durable. */
export interface AuditTrail {
  /** @returns the intent's sequence. @throws Failure `audit-unavailable` when it cannot be made durable. */
  intent(actor: Actor, target: AuditTarget): Promise<number>
  outcome(sequence: number, outcome: Outcome): Promise<void>
  /**
   * Records what was over at once, such as a login: done, or refused with an error code.
   * @throws Failure `audit-unavailable`; it may be on the trail all the same.
   */
  record(actor: Actor, target: AuditTarget, errorCode: string | null): Promise<void>
}

/** Proof that the audit trail has already recorded the intent. Only {@link createExecutor} makes one. */
class AuditedChange {
  readonly #details: Record<string, unknown> = {}
  /** The intent's sequence on the audit trail. */
  readonly sequence: number
  readonly actor: Actor
  readonly signal: AbortSignal

  constructor(sequence: number, actor: Actor, signal: AbortSignal) {
    this.sequence = sequence
    this.actor = actor
    this.signal = signal
  }

  /** Adds to the outcome's details, such as old and new values. */
  note(details: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#details, details)
  }

  get details(): Readonly<Record<string, unknown>> {
    return this.#details
  }
}

/** The type is exported, the class is not: a store write or effect round the door does not compile. */
export type Change = AuditedChange

export type QueryHandlers = {
  readonly [M in QueryName]: (params: ParsedParams<M>, context: CallContext) => Promise<Result<M>> | Result<M>
}
export type CommandHandlers = {
  readonly [M in CommandName]: (
    params: ParsedParams<M>,
    change: Change,
    context: CallContext,
  ) => Promise<Result<M>> | Result<M>
}
/** One handler for each method of the contract. */
export type Handlers = QueryHandlers & CommandHandlers

/**
 * What commands begin to look at while their intent becomes durable, which takes as long as the disk likes. They only
 * look: nothing may be changed before there is a {@link Change}, and the command may still not come to be run.
 */
export type Aheads = { readonly [M in CommandName]?: (params: ParsedParams<M>) => void }

/** The handlers of one capability's methods: `HandlersOf<typeof leasesMethods>`. */
export type HandlersOf<Methods> = Pick<Handlers, Extract<keyof Methods, MethodName>>

/** Runs one method for one caller: the only way to change anything. */
export type Execute = (name: string, params: unknown, context: CallContext) => Promise<unknown>

/** Whether a role includes another. */
const allows = (has: Role, needs: Role): boolean => roles.indexOf(has) >= roles.indexOf(needs)

/**
 * Builds the one door. In order: own key of the contract, params parsed with unknown keys refused, role,
 * then for a command a durable intent, the handler, and the outcome.
 */
export function createExecutor(deps: {
  readonly handlers: Handlers
  readonly aheads?: Aheads
  readonly trail: AuditTrail
  readonly clock: Clock
}): Execute {
  return async (name, params, context) => {
    if (!isMethodName(name))
      throw new Failure('unknown-method', `There is no method ${JSON.stringify(name.slice(0, 100))}`)
    const method = contract[name]
    const parsed = parseParams(name, params)
    if (!allows(context.caller.role, method.role)) {
      if (method.kind === 'command') {
        const target = (method as Command).audit(parsed)
        await deps.trail.record(context.caller, target, 'forbidden')
      }
      throw new Failure(
        'forbidden',
        `${name} needs the role ${method.role}; ${context.caller.name} is ${context.caller.role}`,
      )
    }
    // TypeScript cannot follow that `name` selects method, params and handler together.
    if (method.kind === 'query') {
      const handler = deps.handlers[name] as (params: unknown, context: CallContext) => unknown
      return handler(parsed, context)
    }
    const handler = deps.handlers[name] as (params: unknown, change: Change, context: CallContext) => unknown
    const ahead = deps.aheads?.[name as CommandName] as ((params: unknown) => void) | undefined
    ahead?.(parsed)
    return runCommand(deps, (method as Command).audit(parsed), context, (change) =>
      handler(parsed, change, context),
    )
  }
}

/** Parses with the method's schema. @throws Failure `invalid-params` naming each bad member. */
function parseParams(name: MethodName, params: unknown): unknown {
  const result = contract[name].params.safeParse(params ?? {})
  if (result.success) return result.data
  const problems = result.error.issues.slice(0, 5).map((issue) => {
    const where = issue.path.length === 0 ? 'params' : issue.path.map(String).join('.')
    return `${where}: ${issue.message}`
  })
  throw new Failure('invalid-params', `${name}: ${problems.join('; ')}`)
}

async function runCommand(
  deps: { readonly trail: AuditTrail; readonly clock: Clock },
  target: AuditTarget,
  context: CallContext,
  run: (change: Change) => unknown,
): Promise<unknown> {
  const started = deps.clock.monotonic()
  const sequence = await deps.trail.intent(context.caller, target)
  const change = new AuditedChange(sequence, context.caller, context.signal)
  const finish = (
    outcome: Outcome['outcome'],
    errorCode: string | null,
    extra: Record<string, unknown> = {},
  ) =>
    deps.trail.outcome(sequence, {
      outcome,
      errorCode,
      durationMs: Math.round(deps.clock.monotonic() - started),
      details: { ...change.details, ...extra },
    })
  let result: unknown
  try {
    context.signal.throwIfAborted()
    result = await run(change)
  } catch (error) {
    const failure = asFailure(error, context.signal)
    const refused = failure?.code === 'refused' || failure?.code === 'forbidden'
    await finish(refused ? 'refused' : 'failed', failure?.code ?? 'internal', { error: messageOf(error) })
    throw failure ?? error
  }
  await finish('ok', null)
  return result
}

function asFailure(error: unknown, signal: AbortSignal): Failure | undefined {
  if (error instanceof Failure) return error
  if (signal.aborted) return new Failure('cancelled', 'The call was cancelled', { cause: error })
  return undefined
}
