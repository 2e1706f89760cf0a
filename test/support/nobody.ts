import { chmodSync, chownSync, copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inRoot } from './paths.ts'
import { startDaemon, temporaryHome, type TestDaemon } from './daemon.ts'

/** The user that owns nothing. */
export const nobody = 65_534

/** What another user of the machine needs of us, where that user may read it. */
export interface OpenPrograms {
  readonly node: string
  readonly daemonScript: string
  remove(): void
}

/** Copies the runtime and the built programs to where everybody may read: a checkout may lie in a closed folder. */
export function openPrograms(): OpenPrograms {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-open-'))
  chmodSync(folder, 0o755)
  const node = path.join(folder, 'node')
  copyFileSync(process.execPath, node)
  chmodSync(node, 0o755)
  const dist = path.join(folder, 'dist')
  cpSync(inRoot('dist'), dist, { recursive: true, filter: (file) => !file.endsWith('.map') })
  return {
    node,
    daemonScript: path.join(dist, 'daemon.cjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A daemon that another user runs; only root can make one. Its programs go when it stops. */
export async function startDaemonAsNobody(): Promise<TestDaemon> {
  const programs = openPrograms()
  const home = temporaryHome()
  chownSync(home, nobody, nobody)
  const daemon = await startDaemon({
    home,
    script: programs.daemonScript,
    runtime: ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', programs.node],
    env: { HOME: home, XDG_RUNTIME_DIR: '' },
  })
  const stop = async (): Promise<void> => {
    await daemon.stop()
    programs.remove()
  }
  return { ...daemon, stop }
}
