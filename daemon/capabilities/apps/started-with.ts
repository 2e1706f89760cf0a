import { createHash } from 'node:crypto'
import { randomId } from '#base/ids.ts'
import type { FoundApp } from './found-app.ts'

/** What an app was started with, kept to tell what has changed since. */
export interface StartedWith {
  readonly kind: string
  readonly command: string | null
  /** The port that was asked for. */
  readonly port: number | null
  /** Makes the digests of one start unlike those of another. */
  readonly salt: string
  /** By the name of a variable, a digest too short to try values against it. */
  readonly variables: Readonly<Record<string, string>>
  /** Of a compose project's file. */
  readonly composeFile: string | null
}

type Described = Pick<FoundApp, 'kind' | 'command' | 'port' | 'env' | 'composeFile'>

export const startedWith = (found: Described, salt: string = randomId()): StartedWith => ({
  kind: found.kind,
  command: found.command?.value ?? null,
  port: found.port?.value ?? null,
  salt,
  variables: Object.fromEntries(
    Object.entries(found.env).map(([name, value]) => [name, digest(salt, value)]),
  ),
  composeFile: found.composeFile === null ? null : digest(salt, found.composeFile.text),
})

/** 32 bits tell a change, and too many values have the same to tell which it was. */
const digest = (salt: string, value: string): string =>
  createHash('sha256').update(`${salt}\0${value}`).digest('hex').slice(0, 8)

/** What is no longer as it was at the start, by name, sorted. */
export function changedSince(before: StartedWith, found: Described): readonly string[] {
  const now = startedWith(found, before.salt)
  const changed = (['kind', 'command', 'port'] as const).filter((key) => before[key] !== now[key])
  const names = new Set([...Object.keys(before.variables), ...Object.keys(now.variables)])
  const variables = [...names].filter((name) => before.variables[name] !== now.variables[name]).sort()
  const file = before.composeFile === now.composeFile ? [] : ['compose file']
  return [...changed, ...variables, ...file]
}

/** As the store keeps it, written by {@link startedWith} of this build or an earlier one. */
export const readStartedWith = (text: string): StartedWith => JSON.parse(text) as StartedWith
