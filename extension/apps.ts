import * as path from 'node:path'
import type { AppProblem, AppRow, AppState } from '#contract/apps.ts'

const startable: ReadonlySet<AppState> = new Set(['stopped', 'failed', 'waiting'])
const stoppable: ReadonlySet<AppState> = new Set(['running', 'starting', 'waiting', 'external'])
const restartable: ReadonlySet<AppState> = new Set(['running', 'starting', 'external', 'failed'])
const removable: ReadonlySet<AppState> = new Set(['stopped', 'failed', 'waiting', 'external'])

type Looked = Pick<AppRow, 'state' | 'containers'>

export const canStart = ({ state }: Looked): boolean => startable.has(state)
/** A compose project that has ended leaves containers behind, which a stop removes. */
export const canStop = ({ state, containers }: Looked): boolean =>
  stoppable.has(state) || (state !== 'stopping' && containers.some(({ stopsWithApp }) => stopsWithApp))
export const canRestart = ({ state }: Looked): boolean => restartable.has(state)
/** Whether nothing of it runs that we would lose sight of. */
export const canRemove = ({ state, containers }: Looked): boolean =>
  removable.has(state) && !(state !== 'external' && containers.some(({ stopsWithApp }) => stopsWithApp))

/** What a browser may be sent to: an address of the web, and nothing that another program would open. */
export function webAddress(url: string | null): string | null {
  return url !== null && /^https?:\/\//.test(url) && URL.canParse(url) ? url : null
}

/** Host and port of an app's address, such as `localhost:3000`. */
export function hostOf(url: string | null): string | null {
  const address = webAddress(url)
  return address === null ? null : new URL(address).host
}

/** The first thing that keeps an app from being run. */
export const firstError = ({ problems }: Pick<AppRow, 'problems'>): AppProblem | undefined =>
  problems.find(({ severity }) => severity === 'error')

/** Where a problem is, seen from the app's folder: `quantum.config.yaml:3:5`; null when it is about the folder. */
export function placeOf({ file, line, column }: AppProblem, folder: string): string | null {
  if (file === null) return null
  const inside = path.relative(folder, file)
  const shown = inside === '' || inside.startsWith('..') || path.isAbsolute(inside) ? file : inside
  return [shown, line, line === null ? null : column].filter((part) => part !== null).join(':')
}
