/** What the system takes out of a file are whole pages of this size at least. */
export const pageLength = 4096

/** A part of a block: either something that was written, or nothing. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly hole: boolean
}

/**
 * Tells holes from what was written, in a block of a file that is known to have holes. A hole reads as zeros and is made
 * of whole pages; zeros that a program wrote into its lines are fewer, or not where pages begin and end.
 * @param at - where in the file the block begins. @param inHole - it goes on with a hole. @param whole - nothing comes
 * after it that could make a hole of zeros at its end; else such zeros are left out.
 */
export function stretchesOf(block: Buffer, at: number, inHole: boolean, whole: boolean): readonly Stretch[] {
  const stretches: Stretch[] = []
  let data = 0
  for (let zeros = block.indexOf(0); zeros !== -1;) {
    const end = endOfZeros(block, zeros)
    const page = Math.ceil((at + zeros) / pageLength) * pageLength
    if ((inHole && zeros === 0) || page + pageLength <= at + end) {
      if (zeros > data) stretches.push({ from: data, to: zeros, hole: false })
      stretches.push({ from: zeros, to: end, hole: true })
      data = end
    } else if (end === block.length && zeros > 0 && !whole) {
      if (zeros > data) stretches.push({ from: data, to: zeros, hole: false })
      return stretches
    }
    zeros = block.indexOf(0, end)
  }
  if (data < block.length) stretches.push({ from: data, to: block.length, hole: false })
  return stretches
}

/** True for an empty one as well. */
export const isZeros = (bytes: Buffer): boolean => endOfZeros(bytes, 0) === bytes.length

function endOfZeros(block: Buffer, from: number): number {
  let end = from
  while (
    end + pageLength <= block.length &&
    block.compare(zeroPage, 0, pageLength, end, end + pageLength) === 0
  )
    end += pageLength
  while (end < block.length && block[end] === 0) end++
  return end
}

const zeroPage = Buffer.alloc(pageLength)
