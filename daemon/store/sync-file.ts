import { fdatasync } from 'node:fs'

/**
 * Makes what was written to a file so far durable (fdatasync(2)) without holding up the event loop: a disk that is
 * busy takes a third of a second for it now and then. Rejects with the system's error.
 */
export const syncFile = (descriptor: number): Promise<void> =>
  new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  })
