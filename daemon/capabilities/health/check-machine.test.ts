import { expect, test } from 'vitest'
import {
  newMachine,
  step,
  type CheckEvent,
  type CheckMachine,
  type EvidenceRule,
  type Grade,
} from './check-machine.ts'

/** Seeded, so that a history that goes wrong does so at every run. */
let seed = 20_261_123
const next = (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}
const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
const histories = process.env['QUANTUM_ADMIN_TEST_FULL'] === '1' ? 100_000 : 4000

const rule: EvidenceRule = { failures: { count: 3, of: 5 }, successes: { count: 2, of: 2 } }
const result = (grade: Grade): CheckEvent => ({ kind: 'result', sample: { grade, at: 0 } })
const letters: Readonly<Record<string, CheckEvent>> = {
  g: result('good'),
  s: result('soft'),
  b: result('bad'),
  z: { kind: 'lapse' },
  p: { kind: 'pause' },
  r: { kind: 'resume' },
}
const after = (history: string): string =>
  history
    .split('')
    .reduce((machine, letter) => step(rule, machine, letters[letter] ?? { kind: 'lapse' }), newMachine())
    .state

test.each([
  ['', 'unknown'],
  ['g', 'healthy'],
  ['bb', 'unknown'],
  ['bbb', 'unhealthy'],
  ['gbb', 'healthy'],
  ['gbgbb', 'unhealthy'],
  ['gsss', 'degraded'],
  ['gssb', 'degraded'],
  ['gssbbb', 'unhealthy'],
  ['gsssgg', 'healthy'],
  ['bbbg', 'unhealthy'],
  ['bbbgg', 'healthy'],
  ['bbbss', 'degraded'],
  ['bbbgbg', 'unhealthy'],
  ['bbbz', 'unknown'],
  ['bbbzg', 'unknown'],
  ['bbbzgg', 'healthy'],
  ['bbz', 'unknown'],
  ['bbzbb', 'unknown'],
  ['bbbp', 'paused'],
  ['pbbb', 'paused'],
  ['pz', 'paused'],
  ['pr', 'unknown'],
  ['bbbprg', 'unknown'],
])('after %j it is %s', (history, state) => {
  expect(after(history)).toBe(state)
})

/** What happened since the history was cut, in the order it came. */
interface Told {
  all: Grade[]
  sinceWorse: Grade[]
  sinceBetter: Grade[]
}

const among = (grades: readonly Grade[], of: number, wanted: readonly Grade[]): number =>
  grades.slice(-of).filter((grade) => wanted.includes(grade)).length

/** What the history says about a step from one state to another: null when there was evidence for it, or for none. */
function complaint(one: EvidenceRule, told: Told, from: CheckMachine, to: CheckMachine): string | null {
  const { failures, successes } = one
  const bad = among(told.sinceBetter, failures.of, ['bad'])
  const poor = among(told.sinceBetter, failures.of, ['bad', 'soft'])
  const good = among(told.sinceWorse, successes.of, ['good'])
  const fair = among(told.sinceWorse, successes.of, ['good', 'soft'])
  const evidence: Readonly<Record<string, boolean>> = {
    unhealthy: bad >= failures.count,
    degraded:
      from.state === 'unhealthy'
        ? fair >= successes.count
        : poor >= failures.count || fair >= successes.count,
    healthy:
      good >= successes.count || (from.state === 'unknown' && !from.doubted && told.all.at(-1) === 'good'),
  }
  if (from.state === to.state) {
    if (from.state === 'healthy' && (bad >= failures.count || poor >= failures.count)) return 'stayed healthy'
    if (from.state === 'degraded' && bad >= failures.count) return 'stayed degraded'
    if (from.state === 'unhealthy' && fair >= successes.count) return 'stayed unhealthy'
    return null
  }
  return evidence[to.state] === true ? null : `${from.state} -> ${to.state} without evidence`
}

test('no history makes a step without its evidence, or misses one', () => {
  let steps = 0
  let changes = 0
  for (let n = 0; n < histories; n++) {
    const amount = () => {
      const of = int(1, 6)
      return { count: int(1, of), of }
    }
    const one: EvidenceRule = { failures: amount(), successes: amount() }
    let machine = newMachine(next() < 0.2)
    let told: Told = { all: [], sinceWorse: [], sinceBetter: [] }
    const history: string[] = []
    const leaning = next()
    for (let length = int(1, 40); length > 0; length--) {
      const roll = next()
      const grade: Grade = next() < leaning ? 'bad' : next() < 0.7 ? 'good' : 'soft'
      const letter = roll < 0.03 ? 'z' : roll < 0.05 ? 'p' : roll < 0.09 ? 'r' : grade.charAt(0)
      history.push(letter)
      const before = machine
      machine = step(one, before, letters[letter] ?? result(grade))
      steps++
      const where = `${JSON.stringify(one)} ${history.join('')}`
      if (letter === 'p') expect(machine.state, where).toBe('paused')
      else if (before.state === 'paused')
        expect(machine.state, where).toBe(letter === 'r' ? 'unknown' : 'paused')
      else if (letter === 'z') expect(machine.state, where).toBe('unknown')
      else if (letter === 'r') expect(machine, where).toBe(before)
      if ('gsb'.includes(letter) && before.state !== 'paused') {
        for (const part of Object.values(told) as Grade[][]) part.push(grade)
        const wrong = complaint(one, told, before, machine)
        if (wrong !== null) throw new Error(`${wrong}: ${where}`)
        if (before.state !== machine.state) {
          changes++
          const order = ['healthy', 'degraded', 'unhealthy']
          if (before.state !== 'unknown') {
            if (order.indexOf(machine.state) > order.indexOf(before.state)) told.sinceWorse = []
            else told.sinceBetter = []
          }
        }
      } else if (machine !== before) told = { all: [], sinceWorse: [], sinceBetter: [] }
    }
  }
  process.stdout.write(
    `figure health: ${histories} random histories, ${steps} events, ${changes} changes of state, 0 without evidence\n`,
  )
  expect(changes).toBeGreaterThan(histories / 2)
})
