import type { AppRow } from '#contract/apps.ts'
import type { PortRow } from '#contract/resources.ts'
import { portHoldings, type PortHolding } from '../resources.ts'

/**
 * Who holds the port that an app asks for; null when nobody does, or the app itself.
 * @param app - null for one that the daemon does not know.
 */
export function strangerOn(port: number, rows: readonly PortRow[], app: AppRow | null): PortHolding | null {
  const holding = portHoldings(rows.filter((row) => row.port === port && row.protocol === 'tcp')).find(
    ({ rows: sockets }) => !sockets.some((socket) => isOf(socket, app)),
  )
  return holding ?? null
}

function isOf({ pids, app: of, lease, cwd }: PortRow, app: AppRow | null): boolean {
  if (app === null) return false
  // What somebody else has started in its folder is the app as well, and so is a process that the app has started.
  return (
    of === app.name ||
    lease === app.name ||
    cwd === app.folder ||
    (app.pid !== null && pids.includes(app.pid))
  )
}
