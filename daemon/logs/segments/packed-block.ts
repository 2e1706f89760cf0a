import * as zlib from 'node:zlib'

/*
 * A block whose bytes are compressed, on disk, all numbers little-endian:
 *   0  magic "QLZ1"                           12  bytes of it before it was compressed
 *   4  CRC-32 of all after                    16  how it is compressed: 1 zstd (RFC 8878), 2 DEFLATE (RFC 1951)
 *   8  bytes of it compressed                 20  those, then zeros up to a multiple of 8
 */
const magic = 0x315a4c51
const head = 20
/** More than any block is: whatever claims to be larger is damage. */
const largestBlock = 64 * 1024 * 1024

const padded = (length: number): number => (length + 7) & ~7

/** Level 1 packs logs nearly as small as any other, and is by far the fastest to write. */
const zstdLevel = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } }

/** What is compressed with where nothing else is said: Node.js has had zstd since 22.15, not all that is built of it does. */
const method = typeof zlib.zstdCompressSync === 'function' ? 'zstd' : 'deflate'

/** The bytes of a block, compressed. */
export function packBlock(block: Buffer, by: 'zstd' | 'deflate' = method): Buffer {
  const small =
    by === 'zstd' ? zlib.zstdCompressSync(block, zstdLevel) : zlib.deflateRawSync(block, { level: 1 })
  const packed = Buffer.alloc(padded(head + small.length))
  packed.writeUInt32LE(magic, 0)
  packed.writeUInt32LE(small.length, 8)
  packed.writeUInt32LE(block.length, 12)
  packed.writeUInt32LE(by === 'zstd' ? 1 : 2, 16)
  small.copy(packed, head)
  packed.writeUInt32LE(zlib.crc32(packed.subarray(8)), 4)
  return packed
}

/** How long a compressed block that begins here is on disk; null when none does. */
export function packedLength(bytes: Buffer, at: number): number | null {
  if (at + head > bytes.length || bytes.readUInt32LE(at) !== magic) return null
  const length = padded(head + bytes.readUInt32LE(at + 8))
  return length > largestBlock || bytes.readUInt32LE(at + 12) > largestBlock ? null : length
}

/** A block as it was before; null when it is damaged, or compressed in a way that this Node.js does not know. */
export function unpackBlock(packed: Buffer): Buffer | null {
  const length = packedLength(packed, 0)
  if (length !== packed.length || zlib.crc32(packed.subarray(8)) !== packed.readUInt32LE(4)) return null
  const [small, raw] = [packed.subarray(head, head + packed.readUInt32LE(8)), packed.readUInt32LE(12)]
  const room = { maxOutputLength: Math.max(1, raw), chunkSize: Math.max(64, raw) }
  try {
    const block =
      packed.readUInt32LE(16) === 1 ? zlib.zstdDecompressSync(small, room) : zlib.inflateRawSync(small, room)
    return block.length === raw ? block : null
  } catch {
    return null
  }
}
