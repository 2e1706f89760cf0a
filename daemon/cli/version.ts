import { build } from '#base/version.ts'
import type { Declare } from './noun.ts'

export const declare: Declare = (noun, session) => {
  noun.action(() => {
    const { out } = session
    const { version, id } = build
    if (out.json) out.data({ version, build: id, node: process.versions.node, platform: process.platform })
    else
      out.line(
        `quantum-admin ${version} (build ${id}, Node.js ${process.versions.node}, ${process.platform})`,
      )
  })
}
