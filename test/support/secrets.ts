import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { statePaths } from '#base/state-paths.ts'
import { replaceFileAside } from '../../daemon/adapters/files/write-file.ts'
import { FileKeys } from '../../daemon/adapters/secrets/file-keys.ts'
import { FileVault } from '../../daemon/adapters/secrets/file-vault.ts'
import { SecretsService } from '../../daemon/capabilities/secrets/secrets-service.ts'
import type { Change } from '../../daemon/kernel/execute.ts'

/** The secrets of a state folder, as a daemon without a keychain opens them. */
export function openVault(home: string): SecretsService {
  const vault = new FileVault({
    file: statePaths(home).secrets,
    fileKeys: new FileKeys(home, replaceFileAside),
    keychain: null,
    wantsKeychain: false,
    replaceFile: replaceFileAside,
    newId: randomId,
  })
  return new SecretsService({ vault, clock: systemClock })
}

export type Content = Readonly<Record<string, string | null>>

interface Step {
  readonly run: (secrets: SecretsService, change: Change) => Promise<unknown>
  /** What is kept after it. */
  readonly changes: (before: Content) => Content
}

const set = (name: string, value: string): Step => ({
  run: (secrets, change) => secrets.set(change, name, value),
  changes: (before) => ({ ...before, [name]: value }),
})
const rotate: Step = { run: (secrets, change) => secrets.rotate(change), changes: (before) => before }
const remove = (name: string): Step => ({
  run: (secrets, change) => secrets.remove(change, name),
  changes: (before) => Object.fromEntries(Object.entries(before).filter(([other]) => other !== name)),
})

/** Each kind of change, one after the other. */
export const steps: readonly Step[] = [
  set('a', 'the first value'),
  set('a', 'the second value'),
  rotate,
  set('b', 'another value'),
  rotate,
  remove('a'),
]

/** What is kept after some of the steps. */
export const afterSteps = (done: (index: number) => boolean): Content =>
  steps.reduce<Content>((content, step, index) => (done(index) ? step.changes(content) : content), {})

/** Everything that is kept, by name. @throws what the secrets do. */
export async function contentOf(secrets: SecretsService): Promise<Content> {
  const { rows } = await secrets.list()
  const values = await Promise.all(rows.map(async ({ name }) => [name, await secrets.value(name)] as const))
  return Object.fromEntries(values)
}
