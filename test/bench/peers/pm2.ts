import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** PM2's own daemon, with a home of its own, driven by its own library. */
export interface Pm2 {
  /** Of the daemon. */
  readonly pid: number
  /** Starts a program of Node.js with its output to a file; settles when PM2 says that it runs. */
  start(name: string, script: string, output: string): Promise<void>
  remove(name: string): Promise<void>
  stop(): Promise<void>
}

export async function startPm2(): Promise<Pm2> {
  const home = mkdtempSync(path.join(tmpdir(), 'qa-pm2-'))
  // Read when the library is loaded.
  process.env['PM2_HOME'] = home
  const { default: pm2 } = await import('pm2')
  const settled = (run: (done: (error: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => run((error) => (error ? reject(error) : resolve())))
  await settled((done) => pm2.connect(done))
  const pid = Number(readFileSync(path.join(home, 'pm2.pid'), 'utf8'))
  return {
    pid,
    start: (name, script, output) => {
      const places = { script, cwd: path.dirname(script), output, error: output }
      return settled((done) => pm2.start({ name, ...places, autorestart: false }, done))
    },
    remove: (name) => settled((done) => pm2.delete(name, done)),
    stop: async () => {
      await settled((done) => pm2.killDaemon(done))
      pm2.disconnect()
      while (existsSync(`/proc/${pid}`)) await sleep(20)
      rmSync(home, { recursive: true, force: true })
    },
  }
}
