// Without zod, so that the command line need not load it.

/** Characters (UTF-16 units) that a secret may hold. */
export const longestSecret = 64 * 1024
