import type { AuditEntry } from '#contract/audit.ts'
import type { Run } from './strace.ts'
import { openTrail, verifyHome } from './trail.ts'

/** Names after a word in what a child said. */
export const said = (run: Run, word: string): readonly string[] =>
  run.lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.split(' ')[1] ?? ''] : []))

/**
 * What is wrong with a state folder after a run, all that happens to it at the next start included. Nothing
 * when every acknowledged command is on the trail as such, every effect has its intent there, what was refused
 * without an effect is not told as done, and nothing is taken for a falsification.
 */
export async function problemsAfter(home: string, run: Run): Promise<readonly string[]> {
  const problems: string[] = []
  const verifies = (when: string): void => {
    const result = verifyHome(home)
    if (!result.ok) problems.push(`${when}: ${JSON.stringify(result)}`)
  }
  // Before the key was made there is nothing to verify, and nothing can have been acknowledged.
  const begun = run.lines.includes('ready')
  if (begun) verifies('after the crash')
  const trail = await openTrail(home)
  const { entries } = await trail.audit.list({ limit: 1000 })
  const byName = new Map<string, AuditEntry>(entries.map((entry) => [entry.resource.name, entry]))
  const acked = new Set(said(run, 'ack'))
  const effects = new Set(said(run, 'effect'))
  for (const name of acked) {
    if (byName.get(name)?.outcome !== 'ok')
      problems.push(`acknowledged ${name} is ${byName.get(name)?.outcome}`)
  }
  for (const name of effects) if (!byName.has(name)) problems.push(`the effect of ${name} has no intent`)
  for (const [name, { outcome }] of byName) {
    if (outcome === 'ok' && !effects.has(name)) problems.push(`${name} is ok without an effect`)
    if (outcome === 'pending') problems.push(`${name} is left open`)
  }
  await trail.call('leases.allocate', { name: 'after' })
  await trail.close()
  verifies('after the next start')
  return problems
}
