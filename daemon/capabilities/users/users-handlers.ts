import type { usersMethods } from '#contract/users.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { UsersService } from './users-service.ts'

export const usersHandlers = (users: UsersService): HandlersOf<typeof usersMethods> => ({
  'users.list': () => users.list(),
  'users.add': ({ name, role }, change) => users.add(change, name, role),
  'users.remove': ({ name }, change) => users.remove(change, name),
  'users.token': ({ name, expiresInDays }, change) => users.issue(change, name, expiresInDays),
  'users.revoke': ({ tokenId }, change) => users.revoke(change, tokenId),
})
