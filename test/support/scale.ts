/** True under `npm run test:full`: whole figures, and durations are asserted too. */
export const full = process.env['QUANTUM_ADMIN_TEST_FULL'] === '1'

/** How often to do something: a fixed-seed sample in `npm test`, the whole figure in `npm run test:full`. */
export const scale = (sample: number, whole: number): number => (full ? whole : sample)

/** Prints a measured figure so that a log of the run shows it. */
export const figure = (id: string, text: string): void => {
  process.stdout.write(`figure ${id}: ${text}\n`)
}
