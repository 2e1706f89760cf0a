import type { SayOf } from '../ui/say.ts'
import type { CardId, GroupOf, Lead, QuickAction } from './messages.ts'

/** The name of each card, of each state of it, of where a row leads to, and of what can be done. */
type Named =
  | `card.${CardId}`
  | { [C in CardId]: `${C}.${GroupOf<C>}` }[CardId]
  | `lead.${Lead}`
  | `action.${QuickAction}`
  | `gauge.${'processor' | 'memory' | 'disk'}`

type Sentence =
  | 'title'
  | 'connected'
  | 'uptime'
  | 'actions'
  | 'noneActivity'
  | 'loading'
  | 'total'
  | 'group'
  | 'wasTotal'
  | 'back'
  | 'all'
  | 'filters'
  | 'list'
  | 'noRows'
  | 'showAll'
  | 'starting'
  | 'unreachable'
  | 'unreachableHint'
  | 'asOf'
  | 'older'
  | 'olderHint'
  | 'untrusted'
  | 'failed'
  | 'retry'
  | 'learn'
  | 'welcome'
  | 'welcomeHint'
  | 'load'
  | 'usedOf'
  | 'keys'

/** What the page says; the extension gives the words, in the reader's language. */
export type Strings = Readonly<Record<Named | Sentence, string>>

/** Says something of it. */
export type Say = SayOf<Strings>
