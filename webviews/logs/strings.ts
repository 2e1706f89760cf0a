/** What the page says; the extension gives the words, in the reader's language. */
export interface Strings {
  readonly tabAll: string
  readonly tabApplication: string
  readonly tabDatabase: string
  readonly tabAccess: string
  readonly tabErrors: string
  readonly tabs: string
  readonly search: string
  readonly searchHint: string
  readonly level: string
  readonly levels: string
  readonly levelNone: string
  readonly source: string
  readonly sources: string
  readonly time: string
  readonly timeAll: string
  readonly timeQuarter: string
  readonly timeHour: string
  readonly timeDay: string
  readonly timeCustom: string
  readonly timeSince: string
  readonly timeUntil: string
  readonly timeProblem: string
  readonly filters: string
  readonly filtersNone: string
  readonly filterName: string
  readonly filterSave: string
  readonly filterForget: string
  readonly filterClear: string
  readonly follow: string
  readonly pause: string
  readonly resume: string
  readonly clear: string
  readonly export: string
  readonly exportTxt: string
  readonly exportJsonl: string
  readonly exportCsv: string
  readonly open: string
  readonly openText: string
  readonly openOutput: string
  readonly actions: string
  readonly logOf: string
  readonly more: string
  readonly gap: string
  readonly gapShow: string
  readonly newLine: string
  readonly newLines: string
  readonly cleared: string
  readonly undo: string
  readonly paused: string
  readonly following: string
  readonly notFollowing: string
  readonly countOne: string
  readonly count: string
  readonly loaded: string
  readonly missing: string
  readonly lookedBack: string
  readonly looking: string
  readonly stop: string
  readonly goOn: string
  readonly noApp: string
  readonly noAppHint: string
  readonly showApps: string
  readonly noLines: string
  readonly noLinesHint: string
  readonly noMatch: string
  readonly noMatchHint: string
  readonly starting: string
  readonly unreachable: string
  readonly unreachableHint: string
  readonly retry: string
  readonly older: string
  readonly olderHint: string
  readonly failed: string
  readonly histogram: string
  readonly histogramHint: string
  readonly bucket: string
  readonly zoomOut: string
  readonly arrival: string
  readonly fields: string
  readonly raw: string
  readonly fieldTime: string
  readonly fieldFormat: string
  readonly copy: string
  readonly copyValue: string
  readonly copied: string
  readonly only: string
  readonly exclude: string
  readonly around: string
  readonly aroundMore: string
  readonly gone: string
  readonly openFrame: string
  readonly noFurther: string
  readonly noFurtherLoaded: string
}

/** Says something, with values in the places of `{0}`, `{1}` and so on. */
export type Say = (key: keyof Strings, ...values: readonly (string | number)[]) => string

/** @param strings - by their keys; what is missing is said by its key, so that nothing is ever empty. */
export const sayWith =
  (strings: Readonly<Record<string, string>>): Say =>
  (key, ...values) =>
    (strings[key] ?? key).replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''))
