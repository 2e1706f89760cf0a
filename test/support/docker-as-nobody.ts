import { engineAt } from './docker-client.ts'

// docker-as-nobody.ts SOCKET: prints what the adapter says when it runs as an unprivileged user.
const [, , socket = ''] = process.argv
// Asked once before, so that all is loaded: nobody may not read a checkout in a closed folder.
const before = engineAt(socket)
await before.refresh()
await before.dispose()
process.setgroups?.([])
process.setgid?.(65_534)
process.setuid?.(65_534)
const docker = engineAt(socket)
await docker.refresh()
console.log(JSON.stringify(docker.status()))
await docker.dispose()
