import { join } from 'node:path'
import * as z from 'zod/mini'
import type { Surroundings } from './endpoints.ts'

/** Docker's own settings, as far as they name a context. */
const settings = z.looseObject({ currentContext: z.optional(z.string()) })

/** A context's meta.json, as far as it says where the engine is. */
const meta = z.looseObject({
  Endpoints: z.looseObject({
    docker: z.optional(
      z.looseObject({ Host: z.optional(z.string()), SkipTLSVerify: z.optional(z.boolean()) }),
    ),
  }),
})

/** Where a context leads, or why it leads nowhere. */
export type ContextEndpoint =
  | {
      readonly name: string
      readonly host: string
      readonly tls: { readonly folder: string; readonly verify: boolean } | null
    }
  | { readonly problem: string }

/**
 * The endpoint of the docker command line's current context; null when that is the default one.
 * @param folderName - names a context's folder.
 */
export function contextEndpoint(
  { env, home, read, exists }: Surroundings,
  folderName: (context: string) => string,
): ContextEndpoint | null {
  const folder = env['DOCKER_CONFIG'] || join(home, '.docker')
  const name =
    env['DOCKER_CONTEXT'] || (parse(settings, read(join(folder, 'config.json')))?.currentContext ?? '')
  if (name === '' || name === 'default') return null
  const stored = parse(meta, read(join(folder, 'contexts/meta', folderName(name), 'meta.json')))
  const shown = JSON.stringify(name.slice(0, 200))
  if (stored === null)
    return { problem: `The docker context ${shown} is current but has no readable meta.json` }
  const endpoint = stored.Endpoints.docker
  if (!endpoint?.Host) return { problem: `The docker context ${shown} names no Docker endpoint` }
  const certificates = join(folder, 'contexts/tls', folderName(name), 'docker')
  const secure = exists(certificates) || endpoint.SkipTLSVerify === true
  return {
    name,
    host: endpoint.Host,
    tls: secure ? { folder: certificates, verify: endpoint.SkipTLSVerify !== true } : null,
  }
}

/** The parsed file, or null when there is none or it is not what it should be. */
function parse<T extends z.ZodMiniType>(schema: T, text: string | null): z.output<T> | null {
  if (text === null) return null
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    // Not JSON: the docker command line warns and goes on with the default, and so do we.
    return null
  }
}
