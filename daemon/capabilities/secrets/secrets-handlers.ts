import type { secretsMethods } from '#contract/secrets.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { SecretsService } from './secrets-service.ts'

export const secretsHandlers = (secrets: SecretsService): HandlersOf<typeof secretsMethods> => ({
  'secrets.list': () => secrets.list(),
  'secrets.set': ({ name, value }, change) => secrets.set(change, name, value),
  'secrets.remove': ({ name }, change) => secrets.remove(change, name),
  'secrets.rotate': (_params, change) => secrets.rotate(change),
})
