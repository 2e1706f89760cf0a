import { scanCode } from './scan-code.ts'

/** What of it is used here; the types of Node.js 22 do not tell of it. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => ScanMemory
  readonly Module: new (code: Buffer) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

export interface ScanMemory {
  readonly buffer: ArrayBuffer
  /** By so many pages of 64 KiB. */
  grow(pages: number): number
}

/** What scan.assembly exports: numbers are places in the memory, lengths and counts. */
export interface ScanCode {
  find(
    from: number,
    to: number,
    needle: number,
    length: number,
    o1: number,
    o2: number,
    m1: number,
    m2: number,
    tab: number,
  ): number
  rows(
    text: number,
    to: number,
    ends: number,
    row: number,
    count: number,
    needle: number,
    length: number,
    o1: number,
    o2: number,
    m1: number,
    m2: number,
    tab: number,
    out: number,
    most: number,
  ): number
  sign(from: number, to: number, bits: number, tab: number): void
  transpose(filters: number, rows: number, count: number, width: number): void
  feeds(from: number, to: number, base: number, out: number): number
  sift(text: number, from: number, to: number, count: number, signs: number, sieve: number, tab: number): void
  members(from: number, to: number, out: number, most: number): number
}

export const scanPage = 65_536

let compiled: object | undefined

/** The code, in a memory of its own. */
export function scanModule(pages: number): { readonly memory: ScanMemory; readonly code: ScanCode } {
  compiled ??= new WebAssembly.Module(Buffer.from(scanCode, 'base64'))
  const memory = new WebAssembly.Memory({ initial: pages })
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } })
  // It is what scan.assembly exports.
  return { memory, code: exports as ScanCode }
}
