import { Failure, systemCode } from '#base/failure.ts'

/**
 * Sends a signal to a process that was verified on the lines before.
 * @returns false when it ended at the last moment. @throws Failure `permission-denied`.
 */
export function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ESRCH') return false
    if (code === 'EPERM')
      throw new Failure('permission-denied', `Process ${pid} belongs to another user`, { cause: error })
    throw error
  }
}
