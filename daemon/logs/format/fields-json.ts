import { afterBlanks, Members, valueEnd } from './json-scan.ts'

/** How deep members are named by their path; what lies deeper is given as it is written. */
const deepest = 6
/** A hostile line may have as many members as it has letters. */
export const mostFields = 500

/** Where members are told what they hold, the first that is there counts. */
const messageNames = ['@m', 'message', 'msg', 'short_message', 'Message', 'fields.message', 'event', 'log']

/** The members of a JSON object by their path, as text. */
export function membersOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  addObject(fields, text, 0, '', 1)
  return fields
}

/** The message that the members of a line hold; null when they hold none. */
export function messageOfMembers(fields: ReadonlyMap<string, string>): string | null {
  const template = fields.has('@m') ? undefined : fields.get('@mt')
  if (template !== undefined) return filled(template, fields)
  for (const name of messageNames) {
    const message = fields.get(name)
    if (message !== undefined) return message
  }
  return null
}

/** A message template of Serilog with its properties put in. */
const filled = (template: string, fields: ReadonlyMap<string, string>): string =>
  template.replaceAll(/\{[@$]?(\w{1,80})[^{}]{0,40}\}/g, (whole, name: string) => fields.get(name) ?? whole)

function addObject(fields: Map<string, string>, text: string, at: number, path: string, depth: number): void {
  const members = new Members(text, at)
  while (fields.size < mostFields && members.next()) {
    const name = plainString(`"${members.name}"`)
    addValue(fields, text, members.from, members.to, path === '' ? name : `${path}.${name}`, depth)
  }
}

function addValue(
  fields: Map<string, string>,
  text: string,
  from: number,
  to: number,
  path: string,
  depth: number,
): void {
  const first = text.charCodeAt(from)
  const end = to < 0 ? text.length : to
  if (first === 123 && depth < deepest) addObject(fields, text, from, path, depth + 1)
  else if (first === 91 && depth < deepest) addArray(fields, text, from, path, depth + 1)
  else fields.set(path, first === 34 ? plainString(text.slice(from, end)) : text.slice(from, end))
}

function addArray(fields: Map<string, string>, text: string, at: number, path: string, depth: number): void {
  let place = afterBlanks(text, at + 1)
  for (let index = 0; fields.size < mostFields && text.charCodeAt(place) !== 93; index++) {
    const end = valueEnd(text, place)
    if (end < 0) return
    addValue(fields, text, place, end, `${path}.${index}`, depth)
    const comma = afterBlanks(text, end)
    if (text.charCodeAt(comma) !== 44) return
    place = afterBlanks(text, comma + 1)
  }
}

/** What a string of JSON stands for; one that is cut off, as it is written. */
function plainString(literal: string): string {
  if (!literal.includes('\\') && literal.endsWith('"') && literal.length > 1) return literal.slice(1, -1)
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal.replace(/^"/, '')
  }
}
