import { afterAll, expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { LinuxHost } from '../../daemon/adapters/host/linux-host.ts'
import { firstPort, lastPort, Rounds } from '../support/host-rounds.ts'
import { askSs, rowText, startTicks } from '../support/ss.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const random = new Random(20_260_101)
const rounds = new Rounds(random)
afterAll(() => rounds.stop())

const ours = ({ port }: { readonly port: number }): boolean => port >= firstPort && port <= lastPort

test('after every round of opening, sharing and closing sockets the list asked at once equals that of ss', async () => {
  const host = new LinuxHost({ clock: systemClock })
  await rounds.start(4)
  const count = scale(20, 200)
  let rows = 0
  let shared = 0
  for (let round = 1; round <= count; round++) {
    for (let steps = random.int(1, 5); steps > 0; steps--) {
      // A look in the middle of a step leaves the next one with what it saw half done.
      const looks = random.next() < 0.5 ? [host.sockets()] : []
      await Promise.all([rounds.step(), ...looks])
    }
    const listed = (await host.sockets()).sockets.filter(ours)
    const told = askSs().filter(ours)
    expect(listed.map(rowText).sort(), `round ${round}`).toEqual(told.map(rowText).sort())
    for (const { pids, uid } of listed) {
      const byStart = [...pids].sort((a, b) => startTicks(a) - startTicks(b) || a - b)
      expect(pids).toEqual(byStart)
      expect(uid).toBe(process.getuid?.())
      if (pids.length > 1) shared++
    }
    rows += listed.length
  }
  expect(rows).toBeGreaterThan(count)
  expect(shared).toBeGreaterThan(0)
  const steps = [...rounds.taken].map(([name, times]) => `${name} ${times}`).join(', ')
  figure('ports truth', `${count} rounds, ${rows} rows compared, ${shared} shared, 0 differences (${steps})`)
})
