/** How moments are written for whoever reads the page. */
export interface Times {
  /** The time of day to the millisecond, and the day where it is not today. */
  short(iso: string): string
  /** Day and time, for a label or a tooltip. */
  long(iso: string): string
  /** The time of day to the minute, or to the second. */
  scale(iso: string, seconds: boolean): string
}

/** In the reader's own zone and language. */
export function localTimes(language: string | undefined): Times {
  const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const clock = new Intl.DateTimeFormat(language, {
    ...options,
    second: '2-digit',
    fractionalSecondDigits: 3,
  })
  const second = new Intl.DateTimeFormat(language, { ...options, second: '2-digit' })
  const minute = new Intl.DateTimeFormat(language, options)
  const day = new Intl.DateTimeFormat(language, { month: '2-digit', day: '2-digit' })
  const long = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  const isToday = (date: Date) => date.toDateString() === new Date().toDateString()
  const dated = (date: Date, time: string) => (isToday(date) ? time : `${day.format(date)} ${time}`)
  const of = (iso: string, format: (date: Date) => string): string => {
    const date = new Date(iso)
    return Number.isNaN(date.getTime()) ? iso : format(date)
  }
  return {
    short: (iso) => of(iso, (date) => dated(date, clock.format(date))),
    long: (iso) => of(iso, (date) => long.format(date)),
    scale: (iso, seconds) => of(iso, (date) => dated(date, (seconds ? second : minute).format(date))),
  }
}
