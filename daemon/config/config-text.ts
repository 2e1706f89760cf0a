import { error, type Finding } from './findings.ts'

const largestBytes = 1024 * 1024
/** What YAML 1.2 does not count as printable (its rule `c-printable`); the parser uses some of them as its own marks. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what this is for.
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/

/** A file's text, or as much of it as could be read and what is wrong right behind that. */
export interface ConfigText {
  readonly text: string
  readonly problem: Finding | null
}

/** Turns a file into text, before anything of it is parsed. */
export function decodeConfig(bytes: Uint8Array): ConfigText {
  if (bytes.length > largestBytes)
    return {
      text: '',
      problem: error(null, `expected at most 1 MiB, got ${bytes.length} bytes`, { code: 'limit' }),
    }
  const decoded = decodePart(bytes, utf8Length(bytes)) ?? ''
  const bad = bytes[Buffer.byteLength(decoded)]
  // A mark of the byte order is no part of the text.
  const text = decoded.replace(/^\ufeff/, '')
  if (bad !== undefined) return { text, problem: error(text.length, notUtf8(bad), { code: 'syntax' }) }
  const found = control.exec(text)
  if (found === null) return { text, problem: null }
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const message = `YAML does not allow the control character U+${code} here`
  return { text, problem: error(found.index, message, { end: found.index + 1, code: 'syntax' }) }
}

const notUtf8 = (byte: number): string =>
  `expected a file in UTF-8; the byte 0x${byte.toString(16).padStart(2, '0')} does not fit. Save the file as UTF-8`

/** How many bytes decode before one does not fit. Whatever holds for a length holds for each shorter one. */
function utf8Length(bytes: Uint8Array): number {
  if (decodePart(bytes, bytes.length) !== null) return bytes.length
  let fits = 0
  let fails = bytes.length
  while (fails - fits > 1) {
    const middle = (fits + fails) >>> 1
    if (decodePart(bytes, middle) === null) fails = middle
    else fits = middle
  }
  return fits
}

/** Null when it is not UTF-8. A part may end inside a character, the whole may not. */
function decodePart(bytes: Uint8Array, length: number): string | null {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes.subarray(0, length), { stream: length < bytes.length })
  } catch (problem) {
    if (problem instanceof TypeError) return null
    throw problem
  }
}
