import { appendFileSync, chmodSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Clock } from '#base/clock.ts'
import { isoTime } from '#base/clock.ts'
import { systemCode } from '#base/failure.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The daemon's own log: one JSON object a line. */
export interface OwnLog {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
}

const rotateAt = 5 * 1024 * 1024
const kept = 3

/**
 * Opens the log file, 0600, rotated at 5 MiB with three older ones kept. Every line passes `redact` first. A
 * log that cannot be written never stops the daemon: the lines are counted and the count is written once it can.
 */
export function openOwnLog(file: string, clock: Clock, redact: (line: string) => string): OwnLog {
  let size = sizeOf(file)
  let lost = 0
  const append = (line: string): void => {
    if (size > rotateAt) {
      rotate(file)
      size = 0
    }
    appendFileSync(file, line, { mode: 0o600 })
    if (size === 0 && process.platform !== 'win32') chmodSync(file, 0o600)
    size += Buffer.byteLength(line)
  }
  return {
    write(level, message, fields = {}) {
      const line = redact(JSON.stringify({ time: isoTime(clock.now()), level, message, ...fields }))
      try {
        if (lost > 0)
          append(
            `${JSON.stringify({ time: isoTime(clock.now()), level: 'warn', message: `${lost} lines were lost` })}\n`,
          )
        lost = 0
        append(`${line}\n`)
      } catch {
        // Writing the log is what failed, so all that is left is to count; the count is written later.
        lost++
      }
    },
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0
    throw error
  }
}

function rotate(file: string): void {
  rmSync(`${file}.${kept}`, { force: true })
  for (let i = kept - 1; i >= 1; i--) renameIfThere(`${file}.${i}`, `${file}.${i + 1}`)
  renameIfThere(file, `${file}.1`)
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
