import type { NotifyConfig } from '../../config/health-config.ts'
import type { AppHealth } from './app-health.ts'
import type { PlannedCheck } from './check-plan.ts'
import { kumasOf } from './kuma-watch.ts'

/** What is checked, what is shown beside it and who is told of it, as a text: with another one it is all set up anew. */
export const madeOf = (
  plans: readonly PlannedCheck[],
  apps: readonly AppHealth[],
  usual: NotifyConfig | null,
): string =>
  JSON.stringify([
    plans,
    usual,
    apps.flatMap(kumasOf),
    apps.flatMap(({ app, health, environments }) => {
      const told = [health, ...environments.map((one) => one.health)].map((one) => one?.notify ?? null)
      return told.some((one) => one !== null) ? [[app, told]] : []
    }),
  ])
