import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { percentile } from '../bench/bench.ts'
import type { LogSuite } from '../support/log-suite.ts'
import { figure, full, scale } from '../support/scale.ts'
import { screenshot } from '../support/vscode-page.ts'

interface Recorded {
  /** Milliseconds from each frame to the next. */
  readonly frames: readonly number[]
  /** Milliseconds that the page's own part of each frame took. */
  readonly work: readonly number[]
  /** Milliseconds of each task that took more than 50. */
  readonly long: readonly number[]
}

/** What is used of the page's own globals. */
interface PageGlobals {
  requestAnimationFrame: (run: (now: number) => void) => number
  readonly PerformanceObserver: new (
    heard: (entries: { getEntries(): readonly { readonly duration: number }[] }) => void,
  ) => { observe(options: { readonly type: string }): void; disconnect(): void }
  endRecording: () => Recorded
}

/** Records each frame of the page until it is asked for. */
async function record(list: Locator): Promise<() => Promise<Recorded>> {
  await list.evaluate(() => {
    const recorded = { frames: [] as number[], work: [] as number[], long: [] as number[] }
    const page = globalThis as unknown as PageGlobals
    const draw = page.requestAnimationFrame
    const observer = new page.PerformanceObserver((entries) => {
      for (const { duration } of entries.getEntries()) recorded.long.push(duration)
    })
    observer.observe({ type: 'longtask' })
    page.requestAnimationFrame = (run) =>
      draw.call(globalThis, (now) => {
        const begun = performance.now()
        run(now)
        recorded.work.push(performance.now() - begun)
      })
    let last: number | null = null
    const tick = (now: number): void => {
      if (last !== null) recorded.frames.push(now - last)
      last = now
      if (page.requestAnimationFrame !== draw) draw.call(globalThis, tick)
    }
    draw.call(globalThis, tick)
    page.endRecording = () => {
      page.requestAnimationFrame = draw
      observer.disconnect()
      return recorded
    }
  })
  return () => list.evaluate(() => (globalThis as unknown as PageGlobals).endRecording())
}

const told = ({ frames, work, long }: Recorded): string => {
  const of = (times: readonly number[]) =>
    [50, 95, 99, 100].map((percent) => percentile(times, percent).toFixed(1)).join(' / ')
  const late = frames.filter((time) => time > 1000 / 60 + 1).length
  return (
    `${frames.length} frames, ${of(frames)} ms (p50/p95/p99/most), ${late} late; ` +
    `the page's own work ${of(work)} ms; ${long.length} tasks over 50 ms`
  )
}

/** Whether the page itself leaves room for 60 frames a second; how many are drawn, the machine has a say in, too. */
function expectSmooth(recorded: Recorded): void {
  expect(recorded.frames.length).toBeGreaterThan(0)
  if (full) expect(percentile(recorded.work, 95)).toBeLessThan(1000 / 60)
}

const number = (text: string | null, word: string): number =>
  Number(new RegExp(`([\\d,]+) ${word}`).exec(text ?? '')?.[1]?.replaceAll(',', '') ?? 0)

/** How smooth the page is while a great many lines come, and on the way through them. */
export function testFrames(suite: LogSuite): void {
  const { scene, row, list, footer, query, soon } = suite
  const rate = 100_000
  const seconds = scale(2, 60)
  const count = rate * seconds

  test(
    'while 100,000 lines a second come, the page follows, and says how many lines it did not draw',
    { timeout: 60_000 + 3000 * seconds },
    async () => {
      await query('')
      await row(/./).waitFor()
      await list().focus()
      await scene.page.keyboard.press('End')
      await footer().getByText('· following').waitFor()
      const end = await record(list())
      suite.flood('torrent', count, rate)
      await row(`torrent ${count - 1}`).waitFor({ timeout: 30_000 + 2000 * seconds })
      const recorded = await end()
      const said = await footer().textContent()
      expect(said).toContain('· following')
      expect(number(said, 'loaded')).toBeLessThanOrEqual(20_000)
      expect(number(said, 'not drawn')).toBeGreaterThan(0)
      await screenshot(scene.page, 'logs-torrent')
      const matching = async () => number(await footer().textContent(), 'lines match')
      await expect.poll(matching, soon).toBeGreaterThanOrEqual(count)
      figure('log-page', `${rate} lines/s for ${seconds} s: ${told(recorded)}; at its end: ${said ?? ''}`)
      expectSmooth(recorded)
    },
  )

  test(
    'a log is scrolled through without a stop, however long it is',
    { timeout: scale(60_000, 900_000) },
    async () => {
      const rows = scale(20_000, 1_000_000)
      await query('torrent')
      await footer()
        .getByText(`${count.toLocaleString('en')} lines match`)
        .waitFor()
      await row(`torrent ${count - 1}`).waitFor()
      await list().hover()
      await scene.page.mouse.wheel(0, -200)
      await footer().getByText('not following').waitFor()
      const end = await record(list())
      const begun = performance.now()
      const waited = await list().evaluate(async (element, wanted) => {
        const height = Number.parseFloat(element.style.getPropertyValue('--row-height'))
        let passed = 0
        let waiting = 0
        while (passed < wanted) {
          const before = element.scrollTop
          element.scrollTop = before - 100 * height
          const moved = (before - element.scrollTop) / height
          passed += moved
          if (moved === 0) waiting++
          await new Promise((resolve) => void setTimeout(resolve, 16))
        }
        return waiting
      }, rows)
      const took = (performance.now() - begun) / 1000
      const recorded = await end()
      figure(
        'log-page',
        `${rows} lines scrolled through in ${took.toFixed(1)} s (${waited} steps waited for lines): ${told(recorded)}`,
      )
      expect(Number(/torrent (\d+)/.exec((await row('torrent').textContent()) ?? '')?.[1])).toBeLessThan(
        count - rows + 1000,
      )
      await screenshot(scene.page, 'logs-scrolled')
      expectSmooth(recorded)
      await query('')
    },
  )
}
