import { systemClock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import { LinuxHost } from '../../daemon/adapters/host/linux-host.ts'
import { withChange } from './change.ts'

// Looks at the machine as another user: host-look.ts UID PORT PID. Prints what it sees as one line of JSON.
const [uid = 0, port, pid] = process.argv.slice(2).map(Number)
// Only now, since that user may not be allowed to read this program.
process.setgroups?.([])
process.setgid?.(uid)
process.setuid?.(uid)
const host = new LinuxHost({ clock: systemClock })
const { sockets } = await host.sockets()
const found = await host.process(pid ?? 0)
let signal: boolean | string = 'not found'
if (found) {
  try {
    signal = await withChange((change) => host.signal(change, found, 'SIGTERM'))
  } catch (error) {
    signal = error instanceof Failure ? error.code : String(error)
  }
}
console.log(JSON.stringify({ rows: sockets.filter((socket) => socket.port === port), found, signal }))
