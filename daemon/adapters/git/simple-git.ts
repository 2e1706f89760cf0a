import { basename, dirname } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Git, Worktree } from './git.ts'

const answerKeptMs = 5_000
const answersKept = 200
/** A folder on a dead network mount must not hold up an answer about a port. */
const patienceMs = 2_000

/** The variables git needs from us; the rest could name another repository, an editor or a pager. */
const passedOn = ['PATH', 'HOME', 'USERPROFILE', 'SystemRoot', 'XDG_CONFIG_HOME'] as const

/** Git through simple-git, which is loaded at the first question. */
export class SimpleGitAdapter implements Git {
  readonly #clock: Clock
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<Worktree | null> }>()

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock
  }

  worktreeOf(folder: string): Promise<Worktree | null> {
    const now = this.#clock.monotonic()
    const kept = this.#answers.get(folder)
    if (kept && now - kept.at < answerKeptMs) return kept.answer
    this.#answers.delete(folder)
    const oldest = this.#answers.keys().next()
    if (this.#answers.size >= answersKept && !oldest.done) this.#answers.delete(oldest.value)
    // No repository, no git and a refusal are one answer to the person: there is no worktree to show.
    const answer = inTime(ask(folder)).catch(() => null)
    this.#answers.set(folder, { at: now, answer })
    return answer
  }
}

async function ask(folder: string): Promise<Worktree | null> {
  const { simpleGit } = await import('simple-git')
  const environment: Record<string, string> = { LC_ALL: 'C' }
  for (const name of passedOn) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  const git = simpleGit({
    baseDir: folder,
    maxConcurrentProcesses: 2,
    timeout: { block: patienceMs },
    trimmed: true,
  }).env(environment)
  const places = await git.raw(['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'])
  const [path, common] = places.split('\n')
  if (!path || !common) return null
  // symbolic-ref reads the ref alone: a partial clone cannot be made to fetch an object by it.
  const branch = await git.raw(['symbolic-ref', '--quiet', '--short', 'HEAD']).catch(() => '')
  const repository = basename(common) === '.git' ? dirname(common) : common
  return { path, branch: branch === '' ? null : branch, repository }
}

function inTime<T>(work: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), patienceMs)
    timer.unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
