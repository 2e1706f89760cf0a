declare const QUANTUM_ADMIN_VERSION: string | undefined
declare const QUANTUM_ADMIN_BUILD_ID: string | undefined
declare const QUANTUM_ADMIN_BUILD_TIME: number | undefined

/** Which build this is. esbuild replaces the three names; from source they are undefined. */
export interface Build {
  /** Semantic version of the package. */
  readonly version: string
  /** `<commit time in seconds>.<content hash>`: equal for equal sources. */
  readonly id: string
}

export const build: Build = {
  version: typeof QUANTUM_ADMIN_VERSION === 'string' ? QUANTUM_ADMIN_VERSION : '0.0.0-source',
  id: `${typeof QUANTUM_ADMIN_BUILD_TIME === 'number' ? QUANTUM_ADMIN_BUILD_TIME : 0}.${
    typeof QUANTUM_ADMIN_BUILD_ID === 'string' ? QUANTUM_ADMIN_BUILD_ID : 'source'
  }`,
}

const numbers = (text: string): readonly number[] =>
  text
    .split(/[.-]/)
    .slice(0, 3)
    .map((part) => Number.parseInt(part, 10) || 0)

/** Whether `a` should take the place of `b`: a higher version, or the same version from a later commit. */
export function isNewer(a: Build, b: Build): boolean {
  const left = [...numbers(a.version), Number.parseInt(a.id, 10) || 0]
  const right = [...numbers(b.version), Number.parseInt(b.id, 10) || 0]
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
