import type { PortRow } from '#contract/resources.ts'
import { portHoldings, type PortHolding } from '../resources.ts'

/** An app as far as it tells its processes from others'; one that the daemon does not know has neither name nor pid. */
export interface Owner {
  readonly name: string | null
  readonly folder: string
  readonly pid: number | null
}

/** Who holds the port that an app asks for; null when nobody does, or the app itself. */
export function strangerOn(port: number, rows: readonly PortRow[], app: Owner): PortHolding | null {
  const holding = portHoldings(rows.filter((row) => row.port === port && row.protocol === 'tcp')).find(
    ({ rows: sockets }) => !sockets.some((socket) => isOf(socket, app)),
  )
  return holding ?? null
}

function isOf({ pids, app: of, cwd }: PortRow, app: Owner): boolean {
  if (of !== null) return of === app.name
  // What somebody else has started in its folder is shown as the app.
  const within = cwd !== null && (cwd === app.folder || cwd.startsWith(`${app.folder}/`))
  return within || (app.pid !== null && pids.includes(app.pid))
}
