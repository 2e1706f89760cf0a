import { longestAppName } from '#contract/app-name.ts'

/**
 * A name that the contract allows, from the first of these that leaves anything of itself: what is not allowed becomes
 * `-`, and what may not lead is dropped.
 */
export function validName(candidates: readonly (string | null)[]): string {
  for (const candidate of candidates) {
    const name = (candidate ?? '').replace(/[^A-Za-z0-9._@/-]/gu, '-').replace(/^[^A-Za-z0-9]+/, '')
    if (name !== '') return name.slice(0, longestAppName)
  }
  return 'app'
}

/** A name with something after it that must not be cut off. */
export const withSuffix = (name: string, suffix: string): string =>
  name.slice(0, longestAppName - suffix.length) + suffix
