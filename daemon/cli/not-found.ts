import { Failure } from '#base/failure.ts'
import { nearest } from '#base/nearest.ts'

/** Where the names of apps are found. */
export const noSuchApp =
  '`quantum-admin apps list` shows them all; `quantum-admin apps add FOLDER` adds those of a folder.'

/** That there is nothing of this name, and which one was probably meant. @param hint - where the names are found. */
export function notFound(what: string, name: string, known: readonly string[], hint: string): Failure {
  const near = nearest(name, [...new Set(known)])
  const meant = near === null ? '' : `Did you mean ${near}? `
  return new Failure('not-found', `There is no ${what} ${JSON.stringify(name)}`, { hint: `${meant}${hint}` })
}
