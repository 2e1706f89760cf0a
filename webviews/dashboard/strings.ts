import type { SayOf } from '../ui/say.ts'
import type { CardId, GaugeId, GroupOf, Lead, PanelId, PlotMark, QuickAction, RangeId } from './messages.ts'

/** The name of each card, of each state of it, of where a row leads to, and of what can be done. */
type Named =
  | `card.${CardId}`
  | { [C in CardId]: `${C}.${GroupOf<C>}` }[CardId]
  | `lead.${Lead}`
  | `action.${QuickAction}`
  | `gauge.${GaugeId}`
  | `panel.${PanelId}`
  | `range.${RangeId}`
  | `mark.${PlotMark['kind']}`

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
  | 'perMinute'
  | 'noRequests'
  | 'openIncidents'
  | PlotSentence

type PlotSentence =
  | 'plots'
  | 'plotsOf'
  | 'plotsLoading'
  | 'allApps'
  | 'thisMachine'
  | 'rangeLabel'
  | 'zoomed'
  | 'unzoom'
  | 'asOfTime'
  | 'noValues'
  | 'noAnswers'
  | 'noAnswersHint'
  | 'learnMetrics'
  | 'leftOut'
  | 'plotKeys'
  | 'plotLabel'
  | 'marks'
  | 'marksMore'
  | 'ongoing'
  | 'table'
  | 'time'
  | 'unknownValue'
  | 'read'
  | 'written'
  | 'received'
  | 'sent'

/** What the page says; the extension gives the words, in the reader's language. */
export type Strings = Readonly<Record<Named | Sentence, string>>

/** Says something of it. */
export type Say = SayOf<Strings>
