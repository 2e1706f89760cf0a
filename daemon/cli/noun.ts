import type { Command } from 'commander'
import type { Session } from './session.ts'

/**
 * Declares a noun's verbs, arguments and flags on its command.
 * @param declareAll - does so for every noun; for completion, which has to know them all.
 */
export type Declare = (noun: Command, session: Session, declareAll: () => void) => void
