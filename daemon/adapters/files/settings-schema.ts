import * as z from 'zod/mini'
import { leaseKinds, type LeaseKind } from '#contract/leases.ts'

/** The first and the last port of a range, both included. */
export type PortRange = readonly [number, number]

export interface Settings {
  readonly leases: { readonly ranges: Readonly<Record<LeaseKind, PortRange>> }
  readonly metrics: {
    /** Whether a Prometheus may read them. */
    readonly exposition: boolean
  }
}

export const defaultRanges: Readonly<Record<LeaseKind, PortRange>> = {
  web: [3000, 3099],
  database: [5400, 5499],
  queue: [5670, 5699],
  cache: [6370, 6399],
  app: [8000, 8999],
}

const port = z.int().check(z.gte(1), z.lte(65_535))
const range = z
  .tuple([port, port], 'expected two port numbers, such as [3000, 3099]')
  .check(z.refine(([first, last]) => first <= last, 'expected the first port not to be above the last'))

/** `settings.json` in the state folder. Every key is optional; a misspelt one is an error, not ignored. */
export const settingsSchema = z.strictObject({
  leases: z._default(z.strictObject({ ranges: z._default(z.partialRecord(z.enum(leaseKinds), range), {}) }), {
    ranges: {},
  }),
  metrics: z._default(z.strictObject({ exposition: z._default(z.boolean(), false) }), { exposition: false }),
})

/** Fills in what the file leaves out. */
export const withDefaults = (parsed: z.output<typeof settingsSchema>): Settings => ({
  leases: { ranges: { ...defaultRanges, ...parsed.leases.ranges } },
  metrics: parsed.metrics,
})
