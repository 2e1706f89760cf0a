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
  /** Whether the command must not be run again for the same files, however often it is started; no, when left out. */
  readonly once?: boolean
}

/** A piece of what a program wrote. */
export interface OutputPiece {
  readonly text: string
  /** Where the next piece begins, in bytes. */
  readonly next: number
  /** Bytes that were written by now. */
  readonly size: number
}

/** Absolute paths; their folder is made when it is not there. */
export interface RunFiles {
  readonly output: string
  /** Made by the program's own shell when it ends, also while no daemon runs; its name ends in `.ending`. */
  readonly ending: string
}

/** How much of what a program writes is kept while it runs. */
export interface OutputBounds {
  /** A file on whose account the disk holds more is cut, in bytes. */
  readonly most: number
  /** What is left of its end then, whole and in order. */
  readonly kept: number
  /** What is left of its beginning, at most; nothing, when left out. */
  readonly begin?: number
}

export interface StartedProgram {
  /** Of the leader. */
  readonly pid: number
  /** Where in the output file what it writes begins, in bytes. */
  readonly outputFrom: number
}

export interface Ending {
  /** As the shell tells it: 128 and a signal's number when a signal ended it (sh(1)). */
  readonly code: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Keeps out of what programs wrote what nobody is to read there. */
export interface Hiding {
  /** Whether there is anything to hide; asked before each reading. */
  readonly needed: () => Promise<boolean>
  readonly hide: (text: string) => string
}

/** Starts programs that outlive the daemon. Whatever is read of what they wrote is without what is to be hidden. */
export interface Programs {
  /** Makes room for the files of a run: what earlier ones have left is removed or set aside. */
  prepare(change: Change, files: RunFiles): Promise<void>
  /**
   * Starts it, {@link prepare}d, as the leader of a process group and session of its own.
   * @throws Failure `app-failed` when its folder is missing, or the system makes no process.
   */
  start(change: Change, spec: ProgramSpec): Promise<StartedProgram>
  /** How a run ended; null while nothing is noted: it runs, or somebody killed its shell as well. */
  ending(files: RunFiles): Promise<Ending | null>
  /** The end of what was written, at most so many bytes, from the beginning of a line. @param from - an offset. */
  lastOutput(files: RunFiles, bytes: number, from?: number): Promise<string>
  /** Keeps what is written from filling the disk, without losing any of its end. @param bounds - those of an app when left out. */
  boundOutput(files: RunFiles, bounds?: OutputBounds): Promise<void>
  /** Whether one that is run once has begun. */
  begun(files: RunFiles): Promise<boolean>
  /**
   * What it wrote from a byte on, at most so many bytes, without half a character at its end. What was cut out of it still
   * counts, so that an offset means the same as long as the run is kept. Where something is to be hidden it ends with a
   * line, which could hold it. @param isOver - that nothing more will come, so that the last line may lack its end.
   */
  outputFrom(files: RunFiles, from: number, bytes: number, isOver: boolean): Promise<OutputPiece>
  /** Cuts the middle out of what a program wrote that has ended, when that is more than so many bytes. */
  trimOutput(files: RunFiles, longest: number): Promise<void>
  /** Removes the folder of files that are of one run alone. */
  remove(change: Change, files: RunFiles): Promise<void>
  /** Keeps a text beside them, and finds it again: null when there is none. */
  keep(change: Change, files: RunFiles, name: string, text: string): Promise<void>
  kept(files: RunFiles, name: string): Promise<string | null>
  /** Signals a whole process group. The caller has verified its leader just before. False when there is none. */
  signalGroup(change: Change, leader: number, signal: 'SIGTERM' | 'SIGKILL'): boolean
}
