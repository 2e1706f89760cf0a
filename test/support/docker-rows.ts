import type { EngineContainer } from '../../daemon/adapters/docker/engine.ts'
import type { TestEngine } from './docker-engine.ts'

/** A container as `docker ps -a` and we both can tell it; what changes by the second is left out. */
export interface ComparableRow {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly state: string
  readonly health: string
  readonly ports: string
}

/** What the docker command line says there is, oldest id first. */
export async function psRows(engine: TestEngine): Promise<readonly ComparableRow[]> {
  const fields = ['ID', 'Names', 'Image', 'State', 'Status', 'Ports']
  const format = fields.map((field) => `{{.${field}}}`).join('\t')
  const text = await engine.docker('ps', '--all', '--no-trunc', '--format', format)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', name = '', image = '', state = '', status = '', ports = ''] = line.split('\t')
      const health = /\((?:health: )?(starting|healthy|unhealthy)\)$/.exec(status)?.[1] ?? ''
      return { id, name, image, state, health, ports: publishedOf(ports) }
    })
    .sort(byId)
}

/** Our rows in the same words. */
export const ourRows = (rows: readonly EngineContainer[]): readonly ComparableRow[] =>
  rows
    .map(({ id, name, image, state, health, ports }) => ({
      id,
      name,
      image,
      state,
      health: health ?? '',
      ports: ports
        .map((port) => `${port.address}:${port.hostPort}->${port.containerPort}/${port.protocol}`)
        .sort()
        .join(', '),
    }))
    .sort(byId)

/** `docker ps` joins adjacent ports to ranges; the tests publish none that are adjacent. */
const publishedOf = (ports: string): string =>
  ports
    .split(', ')
    .filter((port) => port.includes('->'))
    // The command line of Docker 25 and newer writes IPv6 addresses in brackets, older ones do not.
    .map((port) => port.replace(/^\[(.*)\]:/, '$1:'))
    .sort()
    .join(', ')

const byId = (a: ComparableRow, b: ComparableRow): number => (a.id < b.id ? -1 : 1)
