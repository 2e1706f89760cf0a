/** Bits and bytes of the filter of one block. */
export const filterBits = 65_536
export const filterBytes = filterBits / 8

/** Parts of a text that is taken in parts lie so far over one another: a needle of half of that is in one of them. */
export const overlap = 8192

const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a
export const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a
/** Letters, digits, the underscore, and all that is not ASCII. */
const isOfWord = (byte: number): boolean =>
  isUpper(byte) || isLower(byte) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte >= 0x80

/** What each byte is compared as; behind that, whether it is part of a word. */
export const byteTable = Uint8Array.from({ length: 512 }, (_, index) =>
  index < 256 ? (isUpper(index) ? index | 0x20 : index) : Number(isOfWord(index - 256)),
)
