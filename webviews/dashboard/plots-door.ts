import type { Plots, Row, Status, Want } from './messages.ts'
import type { Say } from './strings.ts'

/** What plots are made with. */
export interface PlotsDeps {
  readonly say: Say
  /** What was looked at when the page was last there. */
  readonly kept: Want | null
  /** Asks for what is to be drawn from now on. */
  readonly ask: (want: Want) => void
  /** Goes to what a mark stands for. */
  readonly follow: (mark: string) => void
  /** Says how apps tell of their requests. */
  readonly learn: () => void
}

/** Numbers over time, as the page has them once their script is there. */
export interface PlotsPart {
  readonly element: HTMLElement
  told(plots: Plots): void
  /** @param apps - the rows of their card. */
  draw(apps: readonly Row[], status: Status): void
  /** Shows those of one app. */
  show(app: string): void
  /** Asks again, as who comes back has missed something. */
  ask(): void
  dispose(): void
}

export type MakePlots = (deps: PlotsDeps) => PlotsPart

/** The event by which the second script hands over what it makes: two scripts of one page have no other way. */
export const plotsEvent = 'quantum-admin-plots'
