import type { CheckRow } from '#contract/health.ts'
import { Failure } from '#base/failure.ts'
import type { PlannedCheck } from './check-plan.ts'

/** Which checks are meant: without a check all of the app. */
export interface Chosen {
  readonly app: string
  readonly environment?: string | null | undefined
  readonly check?: string | null | undefined
}

/** One that is named without an environment is that of this machine. */
export const isMeant = (plan: PlannedCheck, { environment = null, check = null }: Chosen): boolean =>
  (check === null || plan.check === check) &&
  (plan.environment === environment || (environment === null && check === null))

export const byName = (a: CheckRow, b: CheckRow): number =>
  a.app.localeCompare(b.app) ||
  (a.environment ?? '').localeCompare(b.environment ?? '') ||
  a.check.localeCompare(b.check)

export const noApp = (app: string): Failure =>
  new Failure('not-found', `There is no app ${app}`, { hint: '`quantum-admin apps list` shows them all.' })

export function noCheck({ app, check, environment }: Chosen): Failure {
  const where = environment ? `${app} in ${environment}` : app
  const what = check ? `no check ${check} of ${where}` : `nothing that is checked of ${where}`
  return new Failure('not-found', `There is ${what}`, {
    hint: `\`quantum-admin health ${app}\` shows them all.`,
  })
}
