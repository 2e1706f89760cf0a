import path from 'node:path'

/** The checkout. */
export const root = path.resolve(import.meta.dirname, '../..')

/** A path inside the checkout. */
export const inRoot = (...parts: readonly string[]): string => path.join(root, ...parts)

/** Where everything lies that is made on this machine and may be deleted at any time. */
export const cache = (...parts: readonly string[]): string => inRoot('.cache', ...parts)
