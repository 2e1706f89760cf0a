import type { leasesMethods } from '#contract/leases.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { LeasesService } from './leases-service.ts'

export const leasesHandlers = (leases: LeasesService): HandlersOf<typeof leasesMethods> => ({
  'leases.list': () => leases.list(),
  'leases.allocate': (asked, change) => leases.allocate(change, asked),
  'leases.release': ({ name }, change) => leases.release(change, name),
})
