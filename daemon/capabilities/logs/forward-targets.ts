import { messageOf } from '#base/failure.ts'
import type { ForwardConfig } from '../../config/forward-config.ts'
import type { ForwardTarget } from '../../logs/log-engine.ts'

type Secret = (name: string) => Promise<string | null>

/** Where the logs of apps are sent, with what lets us in. What is missing is the target's problem. It never rejects. */
export async function forwardTargets(
  configs: Readonly<Record<string, ForwardConfig | null>>,
  secret: Secret,
): Promise<Readonly<Record<string, ForwardTarget | null>>> {
  const targets = Object.entries(configs).map(async ([app, config]) => [
    app,
    config === null ? null : await targetOf(config, secret),
  ])
  return Object.fromEntries(await Promise.all(targets)) as Record<string, ForwardTarget | null>
}

async function targetOf(config: ForwardConfig, secret: Secret): Promise<ForwardTarget> {
  const { kind, url, labels, level } = config
  const known = { kind, url, labels, level }
  try {
    return { ...known, ...(await headersOf(config, secret)), problem: null }
  } catch (error) {
    return { ...known, headers: {}, secrets: [], problem: messageOf(error) }
  }
}

async function headersOf(
  { tenant, token, user, password, headers }: ForwardConfig,
  secret: Secret,
): Promise<Pick<ForwardTarget, 'headers' | 'secrets'>> {
  const secrets: string[] = []
  const valueOf = async (text: string): Promise<string> => {
    const value = await held(text, secret)
    secrets.push(value)
    return value
  }
  const sent: Record<string, string> = {}
  for (const [name, text] of Object.entries(headers)) sent[name.toLowerCase()] = await valueOf(text)
  if (tenant !== null) sent['x-scope-orgid'] = tenant
  if (token !== null) sent['authorization'] = `Bearer ${await valueOf(token)}`
  if (user !== null && password !== null) {
    const basic = Buffer.from(`${user}:${await valueOf(password)}`).toString('base64')
    secrets.push(basic)
    sent['authorization'] = `Basic ${basic}`
  }
  // What is shorter stands in any text by chance.
  const long = secrets.filter((value) => value.length > 3)
  return { headers: sent, secrets: long.toSorted((a, b) => b.length - a.length) }
}

/** @throws an error in words for a person. */
async function held(text: string, secret: Secret): Promise<string> {
  const [, name] = /^secret:([\w.-]+)$/.exec(text) ?? []
  if (name === undefined) return text
  const value = await secret(name)
  if (value !== null) return value
  throw new Error(`there is no secret ${name}; \`quantum-admin secrets set ${name}\` keeps one`)
}
