import { constants, type BigIntStats } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip, type Gunzip } from 'node:zlib'
import { systemCode } from '#base/failure.ts'
import { pageLength } from './holes.ts'
import { idOf } from './place.ts'

/** Why a file cannot be read, in words that go on after its name. */
export class NotReadable extends Error {
  /** There is nothing of that name, so it may come yet. */
  readonly missing: boolean

  constructor(problem: string, missing = false) {
    super(problem)
    this.missing = missing
  }
}

export interface Look {
  /** In bytes; not known of a packed file. */
  readonly size: number
  /** How many bytes of that no disk holds, because they are in holes. */
  readonly missing: number
  /** How many names it has; without one it is gone once nobody has it open. */
  readonly names: number
  /** In nanoseconds. */
  readonly modified: bigint
}

/** A file that is open to be read from. */
export interface Source {
  readonly path: string
  readonly dev: string
  readonly ino: string
  readonly packed: boolean
  /** What is wrong with what was packed; null when nothing is. */
  readonly damage: string | null
  look(): Promise<Look>
  /** Fewer bytes where the file ends. What is returned is the caller's. */
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** @throws NotReadable. Never waits for a program at the other end, as a pipe would make it. */
export async function openSource(path: string): Promise<Source> {
  const handle = await openRegular(path)
  try {
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw new NotReadable(kindOf(stats))
    return path.endsWith('.gz') ? new PackedSource(path, handle, stats) : new PlainSource(path, handle, stats)
  } catch (error) {
    await handle.close()
    throw readable(error)
  }
}

/** What is at a path now. @throws NotReadable when that is no file. */
export async function lookAt(path: string): Promise<Look & { readonly id: string }> {
  try {
    const stats = await stat(path, { bigint: true })
    if (!stats.isFile()) throw new NotReadable(kindOf(stats))
    return { ...lookOf(stats), id: idOf(stats) }
  } catch (error) {
    throw readable(error)
  }
}

async function openRegular(path: string): Promise<FileHandle> {
  // Opening a device may do something: only what is a file is opened, and what took its place meanwhile does not wait.
  await lookAt(path)
  try {
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0))
  } catch (error) {
    throw readable(error)
  }
}

const readable = (error: unknown): unknown => {
  const code = systemCode(error)
  if (error instanceof NotReadable || code === undefined) return error
  return new NotReadable(problems[code] ?? `cannot be read (${code})`, code === 'ENOENT')
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'is not there yet',
  ENOTDIR: 'is not there: a part of its path is a file',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'has a name that is too long',
  EMFILE: 'cannot be opened: too many files are open',
  ENFILE: 'cannot be opened: too many files are open',
  ENXIO: 'is not a file',
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'is a folder, not a file'
  if (stats.isFIFO()) return 'is a pipe, not a file'
  if (stats.isSocket()) return 'is a socket, not a file'
  return 'is a device, not a file'
}

const lookOf = ({ size, blocks, nlink, mtimeNs }: BigIntStats): Look => {
  const pages = Math.ceil(Number(size) / pageLength) * pageLength
  return {
    size: Number(size),
    // Windows does not tell.
    missing: blocks === undefined ? 0 : Math.max(0, pages - Number(blocks) * 512),
    names: Number(nlink),
    modified: mtimeNs,
  }
}

class PlainSource implements Source {
  readonly path: string
  readonly dev: string
  readonly ino: string
  readonly packed = false
  readonly damage = null
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle, stats: BigIntStats) {
    this.path = path
    this.#handle = handle
    this.dev = String(stats.dev)
    this.ino = String(stats.ino)
  }

  async look(): Promise<Look> {
    return lookOf(await this.#handle.stat({ bigint: true }))
  }

  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length)
    const { bytesRead } = await this.#handle.read(buffer, 0, length, position)
    return buffer.subarray(0, bytesRead)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** What gzip made of a file: read from its beginning on, as if it were not packed. */
class PackedSource implements Source {
  readonly path: string
  readonly dev: string
  readonly ino: string
  readonly packed = true
  damage: string | null = null
  readonly #handle: FileHandle
  readonly #modified: bigint
  #unpacker: Gunzip | null = null
  #pieces: AsyncIterator<Buffer> | null = null
  /** What was unpacked last, and where it begins. */
  #block: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(path: string, handle: FileHandle, stats: BigIntStats) {
    this.path = path
    this.#handle = handle
    this.dev = String(stats.dev)
    this.ino = String(stats.ino)
    this.#modified = stats.mtimeNs
  }

  async look(): Promise<Look> {
    return { size: Number.MAX_SAFE_INTEGER, missing: 0, names: 1, modified: this.#modified }
  }

  async read(position: number, length: number): Promise<Buffer> {
    if (this.#pieces === null || position < this.#at) this.#begin()
    while (this.#at + this.#block.length < position + length) {
      const piece = await this.#unpack()
      if (piece === null) break
      this.#keep(position, piece)
    }
    const from = Math.max(0, position - this.#at)
    return Buffer.from(this.#block.subarray(from, from + length))
  }

  async close(): Promise<void> {
    this.#unpacker?.destroy()
    await this.#handle.close()
  }

  #begin(): void {
    this.#unpacker?.destroy()
    const unpacker = createGunzip({ chunkSize: 65_536 })
    const packed = Readable.from(blocksOf(this.#handle))
    packed.on('error', (error) => unpacker.destroy(error))
    unpacker.on('close', () => packed.destroy())
    this.#unpacker = packed.pipe(unpacker)
    this.#pieces = unpacker[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    this.#block = Buffer.alloc(0)
    this.#at = 0
  }

  async #unpack(): Promise<Buffer | null> {
    try {
      const { value, done } = (await this.#pieces?.next()) ?? { done: true }
      return done === true ? null : value
    } catch (error) {
      this.damage = systemCode(error) ?? 'not gzip'
      return null
    }
  }

  /** Lets go of what is in front of a position, as long as nobody is going to look back so far. */
  #keep(position: number, piece: Buffer): void {
    const block = this.#block.length === 0 ? piece : Buffer.concat([this.#block, piece])
    const past = Math.min(block.length, Math.max(0, position - this.#at))
    this.#block = block.subarray(past)
    this.#at += past
  }
}

async function* blocksOf(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(65_536), 0, 65_536, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
