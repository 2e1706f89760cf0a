import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogFilter } from '#contract/logs.ts'
import { LogSearcher } from '../../daemon/logs/search/log-search.ts'
import type { LogStore } from '../../daemon/logs/segments/log-store.ts'
import { allRecords, keepAll, lineOf, linesAtOnce, openNumbered } from '../support/log-store.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { withFolder } from '../support/trail.ts'
import { RecordBatch } from '../../daemon/logs/segments/record-batch.ts'

const apps = ['shop', 'api'] as const
const never = new AbortController().signal

interface Written {
  readonly folder: string
  readonly files: ReadonlyMap<string, Buffer>
  /** Whose each number is. */
  readonly owners: ReadonlyMap<number, string>
  readonly lastOf: ReadonlyMap<string, number>
}

/** A store of two apps, with segments of all kinds. */
function written(folder: string): Written {
  const store = openNumbered(folder)
  const owners = new Map<number, string>()
  const lastOf = new Map<string, number>()
  for (let batch = 0; batch < 80; batch++) {
    const app = apps[Number(batch % 4 === 3)] ?? 'shop'
    const from = store.next
    const records = Array.from({ length: linesAtOnce }, (_, index) => lineOf(from + index))
    store.append(app, 'output', RecordBatch.of(records), { to: from + linesAtOnce - 1 })
    lastOf.set(app, from + linesAtOnce - 1)
    for (let index = 0; index < linesAtOnce; index++) owners.set(from + index, app)
  }
  keepAll(store)
  store.dispose()
  const names = globSync('*/*', { cwd: folder })
  return {
    folder,
    files: new Map(names.map((name) => [name, readFileSync(join(folder, name))])),
    owners,
    lastOf,
  }
}

/** Damages of each kind that happens to files. @returns which, and whether as a whole. */
function damage({ folder, files }: Written, random: Random) {
  const names = [...files.keys()]
  const [name, other] = [random.pick(names), random.pick(names)]
  const bytes = Buffer.from(files.get(name) ?? '')
  const at = random.int(0, bytes.length - 1)
  const kind = random.int(0, 6)
  for (let flips = kind === 0 ? random.int(1, 40) : 0; flips > 0; flips--) {
    const place = random.int(0, bytes.length - 1)
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.int(0, 7))
  }
  if (kind === 1) bytes.fill(0, at, Math.min(bytes.length, at + 4096))
  if (kind === 2) bytes.fill(random.int(0, 255), at, Math.min(bytes.length, at + random.int(1, 300_000)))
  if (kind === 3) random.bytes(random.int(1, 64)).copy(bytes, at)
  if (kind <= 3) writeFileSync(join(folder, name), bytes)
  else if (kind === 4) writeFileSync(join(folder, name), bytes.subarray(0, at))
  else {
    // One in the place of another, or both; also an index in the place of an index.
    const same = names.filter((one) => one !== name && one.endsWith(name.slice(-4)))
    const from = random.int(0, 1) === 0 && same.length > 0 ? random.pick(same) : other
    writeFileSync(join(folder, name), files.get(from) ?? '')
    if (kind === 6) writeFileSync(join(folder, from), bytes)
    return { names: kind === 6 ? [name, from] : [name], isWhole: true }
  }
  const isGone = name.endsWith('.idx') && random.int(0, 2) === 0
  if (isGone) rmSync(join(folder, name))
  return { names: [name], isWhole: isGone || kind === 4 }
}

/** What a search answers in pages, as numbers. */
async function found(searcher: LogSearcher, filter: LogFilter): Promise<readonly number[]> {
  const numbers: number[] = []
  let before: string | undefined
  do {
    const page = await searcher.search({ ...filter, before, limit: 1000 }, never)
    numbers.push(...page.lines.toReversed().map(({ id }) => Number(id.slice(id.indexOf('/') + 1))))
    before = page.older ?? undefined
  } while (before !== undefined)
  return numbers
}

/** What is wrong with what a damaged store answers; nothing should be. */
async function wrongIn(store: LogStore, made: Written, random: Random): Promise<readonly unknown[]> {
  const wrong: unknown[] = []
  const there: number[] = []
  for (const app of apps) {
    const records = allRecords(store, app)
    there.push(...records.map(({ sequence }) => sequence))
    for (const { sequence, bytes } of records)
      if (made.owners.get(sequence) !== app || !lineOf(sequence).bytes.equals(bytes))
        wrong.push({ app, sequence })
    const owned = [...made.owners].filter(([, owner]) => owner === app).length
    const last = made.lastOf.get(app) ?? 0
    const mark = (store.markOf(app, 'output') as { to: number } | undefined)?.to ?? 0
    // What is lacking is told, unless its source will be read again from before it.
    if (records.length < owned && store.damagedOf(app) === 0 && mark === last)
      wrong.push({ app, silent: owned - records.length })
    if (mark > last) wrong.push({ app, mark })
  }
  if (new Set(there).size < there.length) wrong.push('double')
  const searcher = new LogSearcher(store, () => ({}), Date.now)
  for (let query = 0; query < 3; query++) {
    const code = `code-${(random.int(1, made.owners.size) * 2_654_435_761) % 4_294_967_296}`
    const expected = there.filter((number) => lineOf(number).bytes.includes(code)).toSorted((a, b) => b - a)
    // The second time by an index that was made anew.
    for (const time of ['first', 'again']) {
      const answered = await found(searcher, { query: code })
      if (JSON.stringify(answered) !== JSON.stringify(expected))
        wrong.push({ code, time, answered, expected })
    }
  }
  return wrong
}

test(
  'a store that is damaged in any way never answers what was not written, says what is lacking, and makes its indexes anew (R5)',
  () =>
    withFolder(async (folder) => {
      const random = new Random(17)
      const made = written(folder)
      expect([...made.files.keys()].filter((name) => name.endsWith('.packed'))).not.toHaveLength(0)
      const rounds = scale(40, 1000)
      let [told, indexes] = [0, 0]
      for (let round = 0; round < rounds; round++) {
        const { names, isWhole } = damage(made, random)
        const store = openNumbered(folder)
        expect({ round, names, wrong: await wrongIn(store, made, random) }).toEqual({
          round,
          names,
          wrong: [],
        })
        told += Number(apps.some((app) => store.damagedOf(app) > 0))
        store.dispose()
        // A page of an index that nobody has asked for may still be damaged.
        if (isWhole && names.every((name) => name.endsWith('.idx'))) {
          for (const name of names)
            expect(readFileSync(join(folder, name)).equals(made.files.get(name) ?? Buffer.alloc(0))).toBe(
              true,
            )
          indexes++
        }
        for (const name of globSync('*/*', { cwd: folder })) rmSync(join(folder, name))
        for (const [name, bytes] of made.files) writeFileSync(join(folder, name), bytes)
      }
      figure('R5', `logs: ${rounds} damages: 0 wrong answers, ${told} told of, ${indexes} indexes made anew`)
    }),
  full ? 3_600_000 : 120_000,
)
