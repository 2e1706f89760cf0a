import { statSync } from 'node:fs'
import type { DoctorCheck } from '#contract/system.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { stateFolder } from '#base/state-paths.ts'
import { build } from '#base/version.ts'
import type { Output } from './output.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'

export const declare: Declare = (noun, session) => {
  noun.action(() => doctor(session))
}

async function doctor(session: Session): Promise<void> {
  const { out } = session
  const checks = [commandLine(), ...(await daemon(session))]
  if (out.json) out.data(checks)
  else out.lines(checks.flatMap((check) => lines(out, check)))
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length > 0) {
    const names = failed.map(({ name }) => name).join(', ')
    throw new Failure('doctor-failed', `${plural(failed.length, 'check')} failed: ${names}`)
  }
}

/** An older Node.js does not get here: the program refuses it before it loads anything. */
const commandLine = (): DoctorCheck => ({
  name: 'Command line',
  ok: true,
  message: `version ${build.version} on Node.js ${process.versions.node}`,
  hint: null,
})

function folder(home: string): DoctorCheck {
  const check = (ok: boolean, message: string, hint: string | null = null) => ({
    name: 'State folder',
    ok,
    message,
    hint,
  })
  let found
  try {
    found = statSync(home, { throwIfNoEntry: false })
  } catch (error) {
    return check(false, messageOf(error), 'Name another folder in QUANTUM_ADMIN_HOME.')
  }
  if (found === undefined) return check(true, `${home} is made when the daemon first starts`)
  if (!found.isDirectory())
    return check(
      false,
      `${home} is not a folder`,
      'Move it away, or name another folder in QUANTUM_ADMIN_HOME.',
    )
  if (process.getuid !== undefined) {
    if (found.uid !== process.getuid())
      return check(
        false,
        `${home} belongs to another user`,
        'Name a folder of your own in QUANTUM_ADMIN_HOME.',
      )
    if ((found.mode & 0o077) !== 0)
      return check(false, `${home} is open to other users`, `Run chmod 700 ${home}.`)
  }
  return check(true, `${home} is yours alone`)
}

/** Whether there is a daemon to talk to, and what it says about everything behind it. */
async function daemon(session: Session): Promise<readonly DoctorCheck[]> {
  try {
    const at = await session.query('daemon.status', {})
    const own = { name: 'Daemon', ok: true, message: `version ${at.version}, pid ${at.pid}`, hint: null }
    return [own, versions(at.version), ...(await session.query('daemon.doctor', {}))]
  } catch (error) {
    if (session.signal.aborted) throw error
    const hint = error instanceof Failure ? error.hint : null
    const absent = { name: 'Daemon', ok: false, message: messageOf(error), hint }
    // Where the daemon cannot tell, the folder it lives in is the first thing to look at.
    return session.remote ? [absent] : [folder(stateFolder()), absent]
  }
}

function versions(version: string): DoctorCheck {
  const same = version === build.version
  return {
    name: 'Versions',
    ok: same,
    message: same
      ? `both sides are ${version}`
      : `the daemon is ${version}, this command line is ${build.version}`,
    hint: same ? null : 'Update the older one, or run `quantum-admin daemon restart`.',
  }
}

/** As wide as `Container engine`. */
const nameWidth = 16

function lines(out: Output, { name, ok, message, hint }: DoctorCheck): string[] {
  const mark = ok ? out.paint('green', 'ok    ') : out.paint('red', 'FAILED')
  const first = `${mark}  ${out.paint('bold', printable(name).padEnd(nameWidth))}  ${printable(message)}`
  return hint === null || ok
    ? [first]
    : [first, `${' '.repeat(nameWidth + 10)}${out.paint('dim', printable(hint))}`]
}
