import type { WriteStream } from 'node:tty'

/** Whether a stream is a terminal; Node leaves `isTTY` undefined where it is not. */
export const isTerminal = (stream: { readonly isTTY?: boolean }): boolean => stream.isTTY === true

/**
 * Whether a stream gets colour: FORCE_COLOR decides where it is set, then NO_COLOR (https://no-color.org:
 * present and not empty), else a terminal that is not dumb.
 */
export function wantsColour(stream: Pick<WriteStream, 'isTTY'>, env = process.env): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if ((env['NO_COLOR'] ?? '') !== '') return false
  return isTerminal(stream) && env['TERM'] !== 'dumb'
}
