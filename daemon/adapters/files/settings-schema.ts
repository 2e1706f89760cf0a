import * as z from 'zod/mini'
import { leaseKinds, type LeaseKind } from '#contract/leases.ts'
import { hookAddressProblem } from '#base/hook-address.ts'
import { hookBodyProblem } from '#base/hook-body.ts'

/** The first and the last port of a range, both included. */
export type PortRange = readonly [number, number]

export interface Settings {
  readonly leases: { readonly ranges: Readonly<Record<LeaseKind, PortRange>> }
  readonly metrics: {
    /** Whether a Prometheus may read them. */
    readonly exposition: boolean
  }
  readonly incidents: {
    /** Who is told of incidents of apps that name nobody themselves; as `admin.health.notify` of an app. */
    readonly notify: {
      readonly webhook: {
        readonly url: string
        readonly headers: Readonly<Record<string, string>>
        readonly body: string | null
      } | null
      readonly command: string | null
    } | null
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

const webhook = z.strictObject({
  url: z.string().check(
    z.refine((url) => hookAddressProblem(url) === null, {
      error: ({ input }) => hookAddressProblem(String(input)) ?? '',
    }),
  ),
  headers: z._default(
    z.record(
      z.string().check(z.regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'expected the name of an HTTP header')),
      z
        .string()
        .check(z.regex(/^[\t\x20-\x7e\x80-\xff]{1,8192}$/, 'expected text on one line, or secret:NAME')),
    ),
    {},
  ),
  body: z.optional(
    z.string().check(
      z.refine((body) => hookBodyProblem(body) === null, {
        error: ({ input }) => hookBodyProblem(String(input)) ?? '',
      }),
    ),
  ),
})
const notify = z.strictObject({
  webhook: z.optional(webhook),
  command: z.optional(z.string().check(z.regex(/^[^\0]+$/, 'expected a command, as text'))),
})

/** `settings.json` in the state folder. Every key is optional; a misspelt one is an error, not ignored. */
export const settingsSchema = z.strictObject({
  leases: z._default(z.strictObject({ ranges: z._default(z.partialRecord(z.enum(leaseKinds), range), {}) }), {
    ranges: {},
  }),
  metrics: z._default(z.strictObject({ exposition: z._default(z.boolean(), false) }), { exposition: false }),
  incidents: z._default(z.strictObject({ notify: z.optional(notify) }), {}),
})

/** Fills in what the file leaves out. */
export const withDefaults = (parsed: z.output<typeof settingsSchema>): Settings => ({
  leases: { ranges: { ...defaultRanges, ...parsed.leases.ranges } },
  metrics: parsed.metrics,
  incidents: { notify: notifyOf(parsed.incidents.notify ?? null) },
})

const notifyOf = (said: z.output<typeof notify> | null): Settings['incidents']['notify'] =>
  said === null
    ? null
    : {
        webhook: said.webhook === undefined ? null : { ...said.webhook, body: said.webhook.body ?? null },
        command: said.command ?? null,
      }
