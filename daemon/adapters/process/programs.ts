import type { Change } from '../../kernel/execute.ts'

/** A program to be run for as long as it likes, whatever becomes of the daemon. */
export interface ProgramSpec {
  /** A line for the shell. */
  readonly command: string
  /** Where it is run; must exist. */
  readonly folder: string
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Where what it writes is appended, and its ending is noted. */
  readonly files: RunFiles
}

/** Absolute paths; their folder is made when it is not there. */
export interface RunFiles {
  readonly output: string
  /** Made by the program's own shell when it ends, also while no daemon runs; its name ends in `.ending`. */
  readonly ending: string
}

export interface Ending {
  /** As the shell tells it: 128 and a signal's number when a signal ended it (sh(1)). */
  readonly code: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Starts programs that outlive the daemon. */
export interface Programs {
  /**
   * Starts it as the leader of a process group and session of its own.
   * @returns the leader's pid. @throws Failure `app-failed` when the system makes no process.
   */
  start(change: Change, spec: ProgramSpec): Promise<number>
  /** How a run ended; null while nothing is noted: it runs, or somebody killed its shell as well. */
  ending(files: RunFiles): Promise<Ending | null>
  /** The end of what it wrote, at most so many bytes, from the beginning of a line. */
  lastOutput(files: RunFiles, bytes: number): Promise<string>
  /** Signals a whole process group. The caller has verified its leader just before. False when there is none. */
  signalGroup(change: Change, leader: number, signal: 'SIGTERM' | 'SIGKILL'): boolean
}
