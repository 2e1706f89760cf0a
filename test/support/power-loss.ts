import { mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'

/** What a file holds now, and what of it a sudden loss of power leaves. */
interface Inode {
  current: Buffer
  durable: Buffer
}

/**
 * How much of the names survives: `early` every name at once, though the data behind it may be missing; `late`
 * none before its folder was synced. Real file systems lie between the two.
 */
export type Names = 'early' | 'late'

/** One system call of an strace log made with {@link powerLossOptions}. */
interface Call {
  readonly name: string
  readonly args: string
  readonly result: string
}

/** Options of strace that record all that {@link PowerLoss} needs. */
export const powerLossOptions = (log: string): readonly string[] => [
  '-y',
  '-xx',
  '-s',
  '200000',
  '-o',
  log,
  '-e',
  'trace=openat,pwrite64,write,fsync,fdatasync,ftruncate,rename,unlink',
]

/** Completed calls in order; one that another thread's call interrupted in the log is put together again. */
export function* callsOf(log: string): Generator<Call> {
  const begun = new Map<string, string>()
  for (const line of log.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const whole = resumed === null ? rest : (begun.get(pid) ?? '') + (resumed[1] ?? '')
    const call = /^(\w+)\((.*)\) += (.*)$/.exec(whole)
    if (call !== null) yield { name: call[1] ?? '', args: call[2] ?? '', result: call[3] ?? '' }
  }
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex')
const text = (hex: string): string => bytes(hex).toString()

/** Replays what a process did to the files of one folder, keeping apart what was only written and what was synced. */
export class PowerLoss {
  readonly #home: string
  readonly #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  /** What the process said on its standard output so far. */
  said = ''

  constructor(home: string) {
    this.#home = home
  }

  /** @returns whether something was said, or became durable. */
  apply({ name, args, result }: Call): boolean {
    if (result.startsWith('-1')) return false
    const file = text(/^\w+<((?:\\x[0-9a-f]{2})*)>/.exec(args)?.[1] ?? '')
    const data = (): Buffer => bytes(/"((?:\\x[0-9a-f]{2})*)"/.exec(args)?.[1] ?? '')
    switch (name) {
      case 'openat':
        this.#open(text(/"((?:\\x[0-9a-f]{2})*)"/.exec(args)?.[1] ?? ''), args)
        return false
      case 'write':
        if (args.startsWith('1<')) this.said += data().toString()
        else this.#write(file, this.#at(file)?.current.length ?? 0, data())
        return args.startsWith('1<')
      case 'pwrite64':
        this.#write(file, Number(/, (\d+)$/.exec(args)?.[1]), data())
        return false
      case 'ftruncate':
        this.#truncate(file, Number(/, (\d+)$/.exec(args)?.[1]))
        return false
      case 'rename':
      case 'unlink':
        this.#move([...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) => text(match[1] ?? '')))
        return false
      default:
        return this.#sync(file)
    }
  }

  /** Writes what a loss of power at this moment would leave. */
  leave(folder: string, names: Names): void {
    const kept = names === 'early' ? this.#names : this.#durableNames
    for (const [file, inode] of kept) {
      const target = path.join(folder, path.relative(this.#home, file))
      mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
      writeFileSync(target, inode.durable, { mode: 0o600 })
    }
  }

  /** SQLite's shared memory is no file to it, and the space set aside holds nothing. */
  #follows(file: string): boolean {
    return file.startsWith(`${this.#home}/`) && !/(-shm|ballast)$/.test(file)
  }

  #at(file: string): Inode | undefined {
    return this.#names.get(file)
  }

  #open(file: string, args: string): void {
    if (!this.#follows(file) || args.includes('O_DIRECTORY')) return
    const inode = this.#at(file)
    if (inode === undefined && args.includes('O_CREAT')) {
      this.#names.set(file, { current: Buffer.alloc(0), durable: Buffer.alloc(0) })
    } else if (inode !== undefined && args.includes('O_TRUNC')) inode.current = Buffer.alloc(0)
  }

  #write(file: string, position: number, data: Buffer): void {
    const inode = this.#at(file)
    if (inode === undefined) return
    const grown = Buffer.alloc(Math.max(inode.current.length, position + data.length))
    inode.current.copy(grown)
    data.copy(grown, position)
    inode.current = grown
  }

  #truncate(file: string, size: number): void {
    const inode = this.#at(file)
    if (inode === undefined) return
    const cut = Buffer.alloc(size)
    inode.current.copy(cut)
    inode.current = cut
  }

  #move([from = '', to]: readonly string[]): void {
    const inode = this.#at(from)
    if (inode === undefined) return
    this.#names.delete(from)
    if (to !== undefined) this.#names.set(to, inode)
  }

  #sync(file: string): boolean {
    const inode = this.#at(file)
    if (inode !== undefined) {
      inode.durable = inode.current
      return true
    }
    const inFolder = ([name]: readonly [string, Inode]) => path.dirname(name) === file
    const others = [...this.#durableNames].filter((entry) => !inFolder(entry))
    this.#durableNames = new Map([...others, ...[...this.#names].filter(inFolder)])
    return file.startsWith(this.#home)
  }
}
