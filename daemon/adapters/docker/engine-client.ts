import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Dockerode from 'dockerode'
import { systemCode } from '#base/failure.ts'
import type { Endpoint } from './endpoints.ts'
import { EngineModem, type EngineAddress } from './engine-modem.ts'

/** dockerode, twice: once for answers and once for what is read as it comes. */
export interface EngineClient {
  readonly calls: Dockerode
  readonly streams: Dockerode
}

/**
 * Loads dockerode, which is heavy, only when there is something to speak to.
 * @throws the system's error when the endpoint's socket or certificates cannot be reached.
 */
export async function openClient(endpoint: Endpoint): Promise<EngineClient> {
  if (endpoint.kind === 'socket') await access(endpoint.path)
  const address = await addressOf(endpoint)
  const { default: Docker } = await import('dockerode')
  // dockerode takes any object with `dial` as its modem; its type definitions do not say so.
  const over = (modem: EngineModem) => new Docker({ modem } as Dockerode.DockerOptions)
  return { calls: over(new EngineModem(address, false)), streams: over(new EngineModem(address, true)) }
}

async function addressOf(endpoint: Endpoint): Promise<EngineAddress> {
  if (endpoint.kind === 'socket') return { secure: false, socketPath: endpoint.path }
  const { host, port, tls } = endpoint
  if (tls === null) return { secure: false, host, port }
  const { folder } = tls
  const read = (name: string) => (folder === null ? Promise.resolve(null) : readOptional(join(folder, name)))
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  return {
    secure: true,
    host,
    port,
    rejectUnauthorized: tls.verify,
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
  }
}

async function readOptional(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null
    throw error
  }
}

/** How messages name an endpoint. */
export const endpointName = (endpoint: Endpoint): string =>
  endpoint.kind === 'socket' ? endpoint.path : `tcp://${endpoint.host}:${endpoint.port}`
