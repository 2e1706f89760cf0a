// Without zod, so that clients can check a name while it is typed.

export const longestLeaseName = 100
export const leaseNamePattern = /^[A-Za-z0-9][A-Za-z0-9._@/-]*$/
