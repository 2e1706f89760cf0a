import type { HookKind } from '#contract/health.ts'
import { messageOf } from '#base/failure.ts'
import { hookAddressProblem } from '#base/hook-address.ts'
import type { Post } from '#base/posting.ts'
import { printable } from '#base/printable.ts'
import { redactText } from '#base/redact.ts'
import { retryAfterMs } from '#base/retry-after.ts'
import type { Checker } from '../../adapters/checks/checker.ts'
import type { NotifyConfig, WebhookConfig } from '../../config/health-config.ts'
import type { AppHealth } from './app-health.ts'
import { judgeFailure } from './check-words.ts'
import { hookBody, hookEnvironment, type HookMessage } from './hook-message.ts'
import { withSecrets } from './perform-check.ts'

export interface CallHookDeps {
  readonly post: Post
  readonly checker: Pick<Checker, 'command'>
  readonly secret: (name: string) => Promise<string | null>
  readonly hide: (text: string) => string
  readonly now: () => number
}

/** What a call came to; messages are for people and without secrets. */
export type HookOutcome =
  | { readonly kind: 'told' }
  /** This very message is not taken, now or later. */
  | { readonly kind: 'refused'; readonly message: string }
  /** @property afterMs - the server asks to be left alone for so long. */
  | { readonly kind: 'failed'; readonly message: string; readonly afterMs: number }

const webhookTimeoutMs = 10_000
const commandTimeoutMs = 30_000
const longestMessage = 300

/** Calls one hook once. It never rejects. */
export async function callHook(
  deps: CallHookDeps,
  hook: HookKind,
  notify: NotifyConfig,
  app: AppHealth,
  message: HookMessage,
  signal: AbortSignal,
): Promise<HookOutcome> {
  try {
    if (hook === 'webhook')
      return notify.webhook === null ? { kind: 'told' } : await post(deps, notify.webhook, message, signal)
    return notify.command === null ? { kind: 'told' } : await run(deps, notify.command, app, message)
  } catch (error) {
    return failed(deps, messageOf(error))
  }
}

/** Where a hook leads to, without what is nobody's business: the address of a webhook often is its password. */
export function hookTarget(hook: HookKind, notify: NotifyConfig): string {
  const { webhook, command } = notify
  if (hook === 'command') return printable(redactText(command?.split('\n', 1)[0] ?? ''), 200)
  if (webhook === null) return ''
  return webhook.url.startsWith('secret:') ? webhook.url : (URL.parse(webhook.url)?.host ?? '')
}

const failed = ({ hide }: CallHookDeps, message: string, afterMs = 0): HookOutcome => ({
  kind: 'failed',
  message: printable(redactText(hide(message)).replaceAll(/\s+/g, ' ').trim(), longestMessage),
  afterMs,
})

async function post(
  deps: CallHookDeps,
  { url, headers, body }: WebhookConfig,
  message: HookMessage,
  signal: AbortSignal,
): Promise<HookOutcome> {
  const answer = await deps.post({
    url: await addressOf(url, deps.secret),
    headers: { 'content-type': 'application/json', ...lowered(await withSecrets(headers, deps.secret)) },
    body: Buffer.from(hookBody(message, body)),
    timeoutMs: webhookTimeoutMs,
    signal,
  })
  const { status } = answer
  if (status === null) return failed(deps, answer.body)
  if (status >= 200 && status < 300) return { kind: 'told' }
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : ''
  const said = answer.body.trim() === '' ? '' : `: ${answer.body}`
  const outcome = failed(
    deps,
    `it answered ${status}${redirect}${said}`,
    retryAfterMs(answer.retryAfter, deps.now()),
  )
  return outcome.kind === 'failed' && refusing.has(status)
    ? { kind: 'refused', message: outcome.message }
    : outcome
}

/** What is sent is not what it takes; for all the rest somebody may do something. */
const refusing: ReadonlySet<number> = new Set([400, 410, 413, 415, 422])

const lowered = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** @throws an error in words. */
async function addressOf(url: string, secret: CallHookDeps['secret']): Promise<string> {
  if (!url.startsWith('secret:')) return url
  const name = url.slice('secret:'.length)
  const held = (await secret(name))?.trim() ?? null
  if (held === null) throw new Error(`the address is to be the secret ${name}, and there is none`)
  if (held.startsWith('secret:') || hookAddressProblem(held) !== null)
    throw new Error(`the secret ${name} holds no address that may be posted to`)
  return held
}

async function run(
  deps: CallHookDeps,
  command: string,
  app: AppHealth,
  message: HookMessage,
): Promise<HookOutcome> {
  const answer = await deps.checker.command({
    command,
    folder: app.folder,
    environment: { ...(await app.environment()), ...hookEnvironment(message) },
    input: `${JSON.stringify(message)}\n`,
    timeoutMs: commandTimeoutMs,
  })
  if (answer.ok) return { kind: 'told' }
  return failed(deps, `it ${judgeFailure(answer, commandTimeoutMs).reason ?? 'failed'}`)
}
