import { fitOf, namedIn, type Candidate } from './cause-evidence.ts'

/** What is known of how an incident began. Times in milliseconds since the epoch, in their order. */
export interface Onset {
  /** When the first result was that failed. */
  readonly at: number
  /** Good results of that check. */
  readonly goods: readonly number[]
  /** What checks, ends and errors that were never seen before say. */
  readonly texts: readonly string[]
  /** What the checks that failed are of, where that is not the app itself. */
  readonly targets: readonly string[]
}

export interface RankedCause {
  /** Its place among the candidates. */
  readonly index: number
  readonly score: number
  /** When it could have had its effect. */
  readonly effectiveAt: number
  /** The start of the app by which it had that; null when it needed none. */
  readonly start: number | null
  /** Good results since then. */
  readonly goods: number
  /** What of it the errors name. */
  readonly named: string | null
  readonly fits: boolean
}

/** Longer ago nothing is looked for. */
export const horizonMs = 24 * 3_600_000
/** Clocks of files, processes and results are not read at one moment. */
const inexactMs = 100
/** Below this nothing is said to be a cause. */
const least = 0.2
/** Ranks that are so close are the same, and the first in time goes first. */
const closeness = 0.85
const most = 3
/** What ends within this time of its start was started as it is for the first time. */
const newMs = 60_000

/**
 * What may have caused an incident, the likeliest first; none when nothing that is known is likely enough.
 *
 * The rank of a candidate is what its kind is worth, times how it stands to the evidence: whether an error names it or is of
 * a kind that it explains, how many checks were good after it had its effect, how long ago that was, and whether it is
 * itself explained by another one. docs/health.md says it in words. Pure.
 */
export function rankCauses(candidates: readonly Candidate[], onset: Onset): readonly RankedCause[] {
  const ranked = candidates.flatMap((candidate, index) => rank(candidate, index, onset) ?? [])
  const judged = ranked.map((one) => ({ ...one, score: one.score * symptom(one, ranked, candidates) }))
  const likely = judged.filter(({ score }) => score >= least).toSorted((a, b) => b.score - a.score)
  const [best] = likely
  if (best === undefined) return []
  const close = likely.filter(({ score }) => score >= best.score * closeness)
  const rest = likely.filter(({ score }) => score < best.score * closeness)
  return [...close.toSorted((a, b) => a.effectiveAt - b.effectiveAt || b.score - a.score), ...rest].slice(
    0,
    most,
  )
}

const isEdited: ReadonlySet<Candidate['kind']> = new Set(['config', 'files', 'git', 'disk'])

function rank(candidate: Candidate, index: number, onset: Onset): RankedCause | null {
  const { at, after } = candidate
  if ((after ?? at) > onset.at + inexactMs || at < onset.at - horizonMs) return null
  const { relation } = candidate
  // Files of the same name are in every folder.
  const edited = isEdited.has(candidate.kind)
  // The configuration that names a check names what it is of, whatever was changed there.
  const texts = edited ? onset.texts : [...onset.texts, ...onset.targets]
  const named = edited && relation === 'other' ? null : namedIn(texts, candidate.names)
  const counted: Candidate =
    relation === 'other' && named !== null ? { ...candidate, relation: 'needed' } : candidate
  const fit = fitOf(onset.texts, counted)
  // An end of the app names itself.
  const isNamed = named !== null && !(counted.kind === 'end' && relation === 'own')
  const { effectiveAt, start, goods } = effectOf(candidate, onset)
  const score =
    worthOf(counted) *
    (candidate.isUndone ? 0.2 : 1) *
    (isNamed && fit === 'yes' ? 4 : isNamed ? 2.5 : fit === 'yes' ? 1.6 : fit === 'no' ? 0.6 : 1) *
    ([1, 0.5, 0.25][goods] ?? 0.12) *
    (1 / (1 + (onset.at - effectiveAt) / (30 * 60_000)))
  return { index, score, effectiveAt, start, goods, named: isNamed ? named : null, fits: fit === 'yes' }
}

/** A change has its effect at once, or by the first start after it: when fewer checks were good since. */
function effectOf(
  { at, starts, isAtOnce }: Candidate,
  onset: Onset,
): Pick<RankedCause, 'effectiveAt' | 'start' | 'goods'> {
  const goodsSince = (time: number): number =>
    onset.goods.filter((good) => good > time + inexactMs && good <= onset.at).length
  const now = Math.min(at, onset.at)
  const start = starts.find((time) => time >= at - inexactMs && time <= onset.at) ?? null
  if (start === null || isAtOnce || goodsSince(start) >= goodsSince(now))
    return {
      effectiveAt: now,
      start: goodsSince(now) === 0 && !isAtOnce ? start : null,
      goods: goodsSince(now),
    }
  return { effectiveAt: start, start, goods: goodsSince(start) }
}

/** What a candidate is worth by what it is, before anything is known of the incident. */
function worthOf(candidate: Candidate): number {
  const { kind, turn, relation } = candidate
  if (relation === 'other') return 0.05
  if (turn === 'data' || turn === 'freed') return kind === 'files' ? 0.15 : 0.05
  if (kind === 'job') return turn === 'failed' ? 0.9 : candidate.isRoutine ? 0.12 : 0.7
  if (kind === 'machine') return 0.6
  if (relation === 'machine') return 0.7
  return relation === 'own' ? worthOfOwn(candidate) : worthOfNeeded(candidate)
}

type Worths = Readonly<Partial<Record<Candidate['kind'], number>>>
const own: Worths = { config: 1, secret: 1, git: 1.05, disk: 1, certificate: 0.9, stop: 1.2, container: 1 }
const needed: Worths = {
  stop: 1.1,
  end: 1,
  container: 1,
  port: 0.9,
  check: 0.7,
  config: 0.6,
  files: 0.6,
  git: 0.6,
  secret: 0.6,
  disk: 0.6,
}

function worthOfOwn({ kind, turn, isFromOutside }: Candidate): number {
  if (kind === 'files') return turn === 'removed' || turn === 'permissions' ? 1.1 : 1
  if (kind === 'end') return isFromOutside ? 0.9 : 0.55
  if (kind === 'start') return turn === 'failed' ? 0.45 : 0.35
  return kind === 'container' && turn !== 'ended' ? 0.3 : (own[kind] ?? 0.25)
}

function worthOfNeeded({ kind, turn }: Candidate): number {
  if (kind === 'port' && turn === 'started') return 0.5
  return kind === 'container' && turn !== 'ended' ? 0.4 : (needed[kind] ?? 0.4)
}

/** Of what another candidate explains less is left: an app that ends because of an edit, a needed app that is ill. */
function symptom(one: RankedCause, ranked: readonly RankedCause[], candidates: readonly Candidate[]): number {
  const candidate = candidates[one.index]
  if (candidate === undefined) return 1
  const { kind, relation, at, starts, isFromOutside } = candidate
  const others = ranked.filter(({ index, score }) => index !== one.index && score >= 0.4)
  if (kind === 'end' && relation === 'own' && !isFromOutside) {
    const isNew = starts.some((start) => start <= at && at - start < newMs)
    const explains = others.some(
      ({ index, effectiveAt, start, fits, named }) =>
        candidates[index]?.kind !== 'start' &&
        effectiveAt <= at + inexactMs &&
        ((isNew && start !== null) || fits || named !== null),
    )
    return explains ? 0.5 : 1
  }
  // That somebody started it is why something had its effect now, and not what that was.
  if (kind === 'start') return others.some(({ start }) => start !== null) ? 0.5 : 1
  const down = ({ index }: RankedCause): boolean => {
    const other = candidates[index]
    return (
      other !== undefined &&
      other.relation === 'needed' &&
      other.kind !== 'check' &&
      other.at <= at + inexactMs
    )
  }
  return kind === 'check' && others.some(down) ? 0.6 : 1
}
