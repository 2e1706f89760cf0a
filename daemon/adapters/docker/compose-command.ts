import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, messageOf, systemCode } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import type { Compose, ComposeProject } from './compose.ts'

/** Compose as Docker's own plugin, and as the program it was before. */
const forms = [['docker', 'compose'], ['docker-compose']] as const
type Form = (typeof forms)[number]

/** Images may have to come from far away first. */
const longestMs = 30 * 60_000
/** It says its version at once, or is not to be had. */
const versionMs = 10_000
/** What is read of what it said, to tell why it failed. */
const saidBytes = 4096

/** Compose through its command line: arguments are an array, and no shell sees any of them. */
export class ComposeCommand implements Compose {
  #form: Promise<Form | null> | undefined
  readonly #hide: (text: string) => string

  /** @param hide - keeps secrets out of what it said. */
  constructor(hide: (text: string) => string) {
    this.#hide = hide
  }

  up(change: Change, project: ComposeProject): Promise<void> {
    return this.#run(change, project, ['up', '--detach', '--remove-orphans'])
  }

  down(change: Change, project: ComposeProject): Promise<void> {
    return this.#run(change, project, ['down', '--remove-orphans'])
  }

  async #run(change: Change, project: ComposeProject, what: readonly string[]): Promise<void> {
    const [file, ...first] = await this.#found(project)
    await mkdir(dirname(project.output), { recursive: true, mode: 0o700 })
    const output = await open(project.output, 'a+', 0o600)
    try {
      const { size } = await output.stat()
      // It finishes what it began also when the daemon ends meanwhile: half a project helps nobody.
      const child = spawn(file, [...first, '--project-name', project.name, ...what], {
        cwd: project.folder,
        env: { ...project.environment },
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
        signal: AbortSignal.any([change.signal, AbortSignal.timeout(longestMs)]),
      })
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code === 0) return
      const end = Math.max(size, (await output.stat()).size - saidBytes)
      const { buffer, bytesRead } = await output.read(Buffer.alloc(saidBytes), 0, saidBytes, end)
      const said = this.#hide(buffer.toString('utf8', 0, bytesRead))
      throw failed([file, ...first, what[0] ?? ''].join(' '), said)
    } catch (error) {
      if (change.signal.aborted) throw new Failure('cancelled', `compose was ended before it was done`)
      if (error instanceof Failure) throw error
      throw new Failure('app-failed', `compose cannot be run in ${project.folder}: ${messageOf(error)}`, {
        cause: error,
      })
    } finally {
      await output.close()
    }
  }

  /** What was found is kept; what was not is looked for again, since it may be installed any time. */
  async #found(project: ComposeProject): Promise<Form> {
    this.#form ??= firstThatWorks(project).catch((error: unknown) => {
      this.#form = undefined
      throw error
    })
    const form = await this.#form
    if (form !== null) return form
    this.#form = undefined
    throw new Failure('engine-unavailable', 'Neither `docker compose` nor `docker-compose` is installed', {
      hint: 'Install Docker Compose, and see that it is on the PATH the daemon was started with.',
    })
  }
}

async function firstThatWorks({ folder, environment }: ComposeProject): Promise<Form | null> {
  for (const form of forms) if (await works(form, folder, environment)) return form
  return null
}

async function works(
  [file, ...first]: Form,
  cwd: string,
  environment: ComposeProject['environment'],
): Promise<boolean> {
  const child = spawn(file, [...first, 'version'], {
    cwd,
    env: { ...environment },
    stdio: 'ignore',
    timeout: versionMs,
    killSignal: 'SIGKILL',
  })
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code === 0
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return false
    throw error
  }
}

/** Of what it said, the line that tells most: an error where one is marked as such, else the last one. */
function failed(command: string, said: string): Failure {
  const lines = said.split(/\r?\n|\r/).filter((line) => line.trim() !== '')
  const told = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return new Failure('app-failed', `\`${command}\` failed: ${told.trim().slice(0, 500)}`)
}
