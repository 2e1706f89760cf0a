import type { CommandHandlers, QueryHandlers } from '../../kernel/execute.ts'
import type { AuditService } from './audit-service.ts'

type AuditMethod = Extract<keyof QueryHandlers | keyof CommandHandlers, `audit.${string}`>

/** The methods of contract/audit.ts. */
export const auditHandlers = (audit: AuditService): Pick<QueryHandlers & CommandHandlers, AuditMethod> => ({
  'audit.list': (params) => audit.list(params),
  'audit.show': ({ sequence }) => audit.show(sequence),
  'audit.head': () => audit.head(),
  'audit.verify': ({ pin }, { signal }) => audit.verify(pin, signal),
  'audit.export': (params, { signal }, context) =>
    audit.export({ ...params, signal }, (piece) => context.emit(piece)),
  'audit.checkpoint': () => audit.checkpoint(),
})
