import { expect, test } from 'vitest'
import { numbers } from '../logs.fixture.ts'
import { packBlock, packedLength, unpackBlock } from './packed-block.ts'

const next = numbers(31)
const block = Buffer.from(Array.from({ length: 9000 }, (_, line) => `line ${line} ${next(1000)}\n`).join(''))

test.each(['zstd', 'deflate'] as const)(
  'a block that is compressed by %s comes back, and never as another',
  (by) => {
    const packed = packBlock(block, by)
    expect(packed.length).toBeLessThan(block.length / 2)
    expect(packedLength(packed, 0)).toBe(packed.length)
    expect(unpackBlock(packed)?.equals(block)).toBe(true)
    for (let round = 0; round < 300; round++) {
      const damaged = Buffer.from(packed)
      const at = next(damaged.length)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << next(8))
      const cut = next(2) === 0 ? damaged : damaged.subarray(0, at)
      expect(unpackBlock(cut)).toBeNull()
    }
  },
)
