import type { HistoryTurn } from '#contract/history.ts'
import type { TimelineKind } from '#contract/incident-timeline.ts'

/** What may have caused an incident, as far as its rank depends on it. Times in milliseconds since the epoch. */
export interface Candidate {
  readonly kind: TimelineKind
  /** `failed`: what somebody asked for did not come about. */
  readonly turn: HistoryTurn | 'failed' | 'ill' | 'done'
  readonly at: number
  /** It had not happened yet then; null where `at` is the very time. */
  readonly after: number | null
  /** `own`: of the app. `needed`: of what it names or depends on. `machine`: of the machine. `other`: of somebody else. */
  readonly relation: 'own' | 'needed' | 'machine' | 'other'
  /** By what an error message would name it. */
  readonly names: readonly string[]
  /** When what it belongs to was started, which is when edits have their effect. */
  readonly starts: readonly number[]
  /** It is of use at once, and no start is needed for that. */
  readonly isAtOnce: boolean
  /** The same happened before, and nothing came of it. */
  readonly isRoutine: boolean
  /** It was stopped or ended, and started again before anything failed. */
  readonly isUndone: boolean
  /** It ended because somebody else wanted it to: a signal that it does not send itself. */
  readonly isFromOutside: boolean
}

/** What is so of most: it happened at that very time, by itself, once, and to nobody that is named. */
export const plainCandidate = {
  after: null,
  names: [],
  starts: [],
  isAtOnce: false,
  isRoutine: false,
  isFromOutside: false,
  isUndone: false,
} as const satisfies Partial<Candidate>

/** A kind of error that says what sort of thing is wrong, whoever writes it. */
interface Family {
  readonly said: RegExp
  readonly explained: (candidate: Candidate) => boolean
}

const isEdit = ({ kind, turn }: Candidate): boolean =>
  (kind === 'config' || kind === 'files' || kind === 'git') && turn !== 'data' && turn !== 'permissions'
const isDown = ({ kind, turn }: Candidate): boolean =>
  kind === 'stop' || ((kind === 'port' || kind === 'end' || kind === 'container') && turn === 'ended')

const certificateFile =
  /\.(?:pem|crt|cer|der|p12|pfx|jks)$|(?:^|[_.-])(?:tls|ssl|certs?|certificates?)(?:$|[_.-])/i

const families: readonly Family[] = [
  {
    said: /\bENOENT\b|no such file|cannot find (?:module|package)|MODULE_NOT_FOUND|ModuleNotFoundError|unable to open database|file not found/i,
    explained: (one) =>
      (one.kind === 'files' && (one.turn === 'removed' || one.turn === 'changed')) ||
      one.kind === 'git' ||
      one.kind === 'config' ||
      one.kind === 'job',
  },
  {
    said: /\bEACCES\b|\bEPERM\b|permission denied|operation not permitted|readonly database|read-only file/i,
    explained: ({ turn, kind }) => turn === 'permissions' || kind === 'config',
  },
  {
    said: /\bENOSPC\b|\bEDQUOT\b|no space left|disk is full|quota exceeded/i,
    explained: ({ kind }) => kind === 'disk',
  },
  {
    said: /\bEADDRINUSE\b|address already in use|a port it wanted is taken/i,
    explained: ({ kind, turn }) => (kind === 'port' && turn === 'started') || kind === 'config',
  },
  {
    said: /\bECONNREFUSED\b|connection refused|\bECONNRESET\b|socket hang up|\bENOTFOUND\b|\bEAI_AGAIN\b|nothing listens there|name was not found/i,
    explained: (one) => isDown(one) || one.kind === 'config',
  },
  {
    said: /\b401\b|\b403\b|unauthori[sz]ed|forbidden|authentication|wrong password|password (?:is|was|failed)|invalid (?:token|key|signature|credential)|access denied/i,
    explained: ({ kind }) => kind === 'secret' || kind === 'config',
  },
  {
    said: /certificate (?:has )?expired|CERT_HAS_EXPIRED|certificate is not valid yet/i,
    explained: ({ kind, names }) =>
      kind === 'certificate' || names.some((name) => certificateFile.test(name)),
  },
  {
    said: /out of memory|\bENOMEM\b|cannot allocate|MemoryError|heap limit/i,
    explained: ({ kind }) => kind === 'end' || kind === 'machine',
  },
  {
    said: /no whole answer within|no connection within|timed? ?out|\bETIMEDOUT\b|took \d+ ms|deadline exceeded/i,
    explained: ({ kind, relation }) => relation === 'needed' || kind === 'machine',
  },
  {
    said: /\b(?:Syntax|Reference|Type|Range|Indentation|Name|Import|Attribute)Error\b|is not defined|is not a function/,
    explained: isEdit,
  },
  {
    said: /malformed|corrupt|no such (?:table|column)|constraint failed|in JSON at|not valid JSON|end of JSON/i,
    explained: ({ kind, turn }) => kind === 'job' || (kind === 'files' && turn !== 'permissions'),
  },
]

/** Names that so many things have that they tell nothing apart. */
const common = new Set([
  'node', 'python', 'python3', 'ruby', 'java', 'sh', 'bash', 'npm', 'app', 'main', 'index', 'server', 'test', 'env',
  'host', 'port', 'name', 'path', 'file', 'url', 'data', 'config', 'localhost', 'http', 'https', 'error', 'log',
]) // prettier-ignore

/** The first of these names that stands in one of the texts; null when none does. */
export function namedIn(texts: readonly string[], names: readonly string[]): string | null {
  return names.find((name) => isTelling(name) && texts.some((text) => holds(text, name))) ?? null
}

function isTelling(name: string): boolean {
  if (/^\d+$/.test(name)) return Number(name) > 1023
  return name.length >= 3 && !common.has(name.toLowerCase())
}

/** As a word of its own: `api.js` is not in `my-api.json`, and 80 is not in 80.5. */
function holds(text: string, name: string): boolean {
  const beside = /^\d+$/.test(name) ? /[\w.-]/ : /[\w-]/
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const after = text.slice(at + name.length, at + name.length + 2)
    if (!beside.test(text[at - 1] ?? ' ') && !/^(?:[\w-]|\.\d)/.test(after)) return true
  }
  return false
}

/** What is said of this that it would explain: `no`: there is an error that says what is wrong, and this is not that. */
export function fitOf(texts: readonly string[], candidate: Candidate): 'yes' | 'no' | 'unknown' {
  const said = families.filter((family) => texts.some((text) => family.said.test(text)))
  if (said.length === 0) return 'unknown'
  return said.some(({ explained }) => explained(candidate)) ? 'yes' : 'no'
}
