import { printable } from '#base/printable.ts'

/** How many UTF-16 units of a foreign name are shown where there is little room. */
const labelLength = 120
/** How many are shown, or copied, where there is room. */
const textLength = 8192

/** Foreign text for a tree's label or description. */
export const label = (text: string): string => printable(text, labelLength)

/** Foreign text where there is room for all of it. */
export const fullText = (text: string): string => printable(text, textLength)

/** Foreign text where VS Code would draw `$(name)` as an icon: quick picks and the status bar. */
export const withoutIcons = (text: string, length = labelLength): string =>
  printable(text, length).replace(/\$\((?=[A-Za-z0-9~-]+\))/g, '\\$(')

/** Foreign text where VS Code would make `[text](command:…)` a link: notifications. */
export const withoutLinks = (text: string, length = 1000): string =>
  printable(text, length).replaceAll('](', '] (')

/** What JSON leaves alone although nobody sees it: DEL, C1, bidi controls, zero widths, separators, tags. */
const unseen =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

const asUnits = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')

/** JSON of the same value in which every character can be seen. */
export const printableJson = (value: unknown): string =>
  (JSON.stringify(value, undefined, 2) ?? 'null').replace(unseen, asUnits)

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** Bytes in the largest unit that leaves at least one before the point, such as `85 MB`. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? 'B'}`
}

/** Processor use, where 100 is one core. */
export const percent = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} %`

/** The last two folders of a path, enough to recognise a project by. */
export function shortPath(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '')
  return parts.length <= 2 ? path : `…/${parts.slice(-2).join('/')}`
}

const minuteMs = 60_000

/** How long ago a moment was, in its largest unit, such as `2 min`. The units are the same in every language we speak. */
export function age(iso: string, now: number = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(iso)) / minuteMs)
  if (minutes < 1) return '< 1 min'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}

/** A moment in the reader's own zone and language; the date is left out for today. */
export function moment(iso: string, now: number = Date.now()): string {
  const date = new Date(iso)
  const today = new Date(now).toDateString() === date.toDateString()
  return today ? date.toLocaleTimeString() : date.toLocaleString()
}
