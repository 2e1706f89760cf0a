import { closeSync, fsyncSync, openSync } from 'node:fs'
import * as path from 'node:path'
import { messageOf } from '#base/failure.ts'
import { syncFolder } from '#base/sync-folder.ts'
import { Scanner } from '../scan/scanner.ts'
import { blockBytes, grown, noFacts, type BlockFacts } from './block.ts'
import { FrameView } from './frame.ts'
import { inParts, joinFrames } from './join-frames.ts'
import { packBlock } from './packed-block.ts'
import { bytesAt, intactFrames, packedEnding, readBlock, textsIn } from './read-block.ts'
import type { Frame } from './record-batch.ts'
import { leastIndexed, SegmentIndex } from './segment-index.ts'
import { tableBytes } from './segment-table.ts'
import { replaceFile, writeAll } from './whole-files.ts'

/** Writes a segment anew. */
export type RewritingTask =
  | (Rewriting & {
      /** One that has grown, with a frame for each block, to be never written again. */
      readonly kind: 'close'
      /** Of the first blocks, as far as they were made. */
      readonly filters: readonly Uint8Array[]
      /** The one that grows now, and holds how far everything was read. */
      readonly after: string
    })
  /** A closed one, with its blocks compressed. */
  | (Rewriting & { readonly kind: 'pack' })

/** What is done with a whole segment, which takes long. It may be ended at any point, and begun again. */
export type SegmentTask =
  | RewritingTask
  | { readonly kind: 'index'; readonly file: string; readonly blocks: readonly BlockFacts[] }
  /** Makes the filters of blocks of one that grows. */
  | { readonly kind: 'sign'; readonly file: string; readonly blocks: readonly BlockFacts[] }

interface Rewriting {
  readonly app: string
  readonly from: string
  readonly to: string
  readonly blocks: readonly BlockFacts[]
  /** Bytes of it that were found damaged. */
  readonly lost: number
  readonly marks: Frame['marks']
}

/** How a task went: the filters that were asked for, or why it could not be done. */
export type SegmentOutcome = { readonly filters: readonly Uint8Array[] } | { readonly problem: string }

/** Who does such tasks, one after the other. */
export interface SegmentWork {
  begin(task: SegmentTask, done: (outcome: SegmentOutcome) => void): void
}

/** Does them in this very thread, at once. */
export class LocalWork implements SegmentWork {
  readonly #scanner = new Scanner()

  begin(task: SegmentTask, done: (outcome: SegmentOutcome) => void): void {
    done(outcomeOf(task, this.#scanner))
  }
}

/** Does a task. */
export function outcomeOf(task: SegmentTask, scanner: Scanner): SegmentOutcome {
  try {
    if (task.kind === 'close') closeSegment(task, scanner)
    else if (task.kind === 'pack') packSegment(task)
    else if (task.kind === 'index') writeIndex(task.file, task.blocks, filtersOf(task, scanner), scanner)
    return { filters: task.kind === 'sign' ? filtersOf(task, scanner) : [] }
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

/** The name of a segment: that of its file, without the ending. */
export const nameOf = (file: string): string => path.basename(file).replace(/\.\w+$/, '')

/** Where the index of a segment lies; it is the same one once it is compressed. */
export const indexOf = (file: string): string => file.replace(/\.\w+$/, '.seg.idx')

function withFile<T>(file: string, use: (descriptor: number) => T): T {
  const descriptor = openSync(file, 'r')
  try {
    return use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The old one goes only when all this is durable: what is in the new one, that it is there, and where reading goes on. */
function closeSegment(task: RewritingTask & { kind: 'close' }, scanner: Scanner): void {
  const filters: Uint8Array[] = []
  const table = rewrite(task, (bytes, place) => {
    const intact = bytes === null ? [] : [...intactFrames(bytes)].map(([, frame]) => frame)
    const lost = intact.reduce((left, { length }) => left - length, task.blocks[place]?.length ?? 0)
    const parts = [...inParts(intact, blockBytes)].map((rows) => joinFrames(rows, task.app))
    const [known] = parts.length === 1 ? task.filters.slice(place, place + 1) : []
    filters.push(...parts.map((joined) => known ?? scanner.filterOf(textsIn(joined))))
    const factsOf = (joined: Buffer) => grown(noFacts(0), joined.length, new FrameView(joined, 0))
    return { blocks: parts.map((joined) => ({ bytes: joined, facts: factsOf(joined) })), lost }
  })
  withFile(task.after, fsyncSync)
  syncFolder(path.dirname(task.to))
  try {
    writeIndex(task.to, table, filters, scanner)
  } catch {
    // It can be made again, and is when somebody searches.
  }
}

function packSegment(task: RewritingTask & { kind: 'pack' }): void {
  rewrite(task, (frames, place) => {
    const facts = task.blocks[place] ?? noFacts(0)
    if (frames === null) return { blocks: [], lost: facts.length }
    return { blocks: [{ bytes: packBlock(frames), facts }], lost: 0 }
  })
  syncFolder(path.dirname(task.to))
}

/** What a block becomes, and how many bytes of it are damaged. */
interface Rewritten {
  readonly blocks: readonly { readonly bytes: Buffer; readonly facts: BlockFacts }[]
  readonly lost: number
}

/** Writes a closed segment of the blocks of another. @returns what stands in it. */
function rewrite(
  { app, from, to, blocks, lost, marks }: Rewriting,
  blockOf: (bytes: Buffer | null, place: number) => Rewritten,
): readonly BlockFacts[] {
  const table: BlockFacts[] = []
  withFile(from, (source) =>
    replaceFile(to, (descriptor) => {
      let [at, gone] = [0, lost]
      for (const [place, block] of blocks.entries()) {
        const bytes = from.endsWith('.open')
          ? bytesAt(source, block.at, block.length)
          : readBlock(source, block, { packed: false, check: true })
        const written = blockOf(bytes, place)
        gone += written.lost
        for (const part of written.blocks) {
          writeAll(descriptor, part.bytes)
          table.push({ ...part.facts, at, length: part.bytes.length })
          at += part.bytes.length
        }
      }
      writeAll(descriptor, tableBytes({ app, name: nameOf(to), lost: gone, blocks: table, marks }))
    }),
  )
  return table
}

function filtersOf(
  { file, blocks }: { readonly file: string; readonly blocks: readonly BlockFacts[] },
  scanner: Scanner,
): readonly Uint8Array[] {
  const reading = { packed: file.endsWith(packedEnding), check: !file.endsWith('.open') }
  return withFile(file, (descriptor) =>
    blocks.map((block) => {
      const bytes = readBlock(descriptor, block, reading)
      // Nothing is answered of what is damaged.
      return scanner.filterOf(bytes === null ? [] : textsIn(bytes))
    }),
  )
}

function writeIndex(
  file: string,
  blocks: readonly BlockFacts[],
  filters: readonly Uint8Array[],
  scanner: Scanner,
): void {
  if (blocks.length >= leastIndexed) SegmentIndex.write(indexOf(file), scanner, filters, blocks)
}
