import { engineAt } from './docker-client.ts'

// docker-as-nobody.ts SOCKET: prints what the adapter says when it runs as an unprivileged user.
const [, , socket = ''] = process.argv
// Loaded before, since nobody may not read a checkout in somebody's home.
await import('dockerode')
process.setgroups?.([])
process.setgid?.(65_534)
process.setuid?.(65_534)
const docker = engineAt(socket)
await docker.refresh()
console.log(JSON.stringify(docker.status()))
await docker.dispose()
