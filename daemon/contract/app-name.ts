// Without zod, so that whoever makes a name from a folder or a package can check it.

export const longestAppName = 100
export const appNamePattern = /^[A-Za-z0-9][A-Za-z0-9._@/-]*$/
