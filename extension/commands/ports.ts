import { env, l10n, Uri, window } from 'vscode'
import type { PortWho } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import type { Actions, Question } from '../actions.ts'
import { whoSummary } from '../document-texts.ts'
import { label } from '../display.ts'
import type { Documents } from '../documents.ts'
import type { Model } from '../model.ts'
import type { PortHolding } from '../resources.ts'
import { holderOf } from '../views/port-item.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface PortCommandsDeps {
  readonly model: Model
  readonly actions: Actions
  readonly targets: Targets
  readonly documents: Documents
}

/** What can be done with a port. */
export const portCommands = (deps: PortCommandsDeps): Handlers => ({
  'quantumAdmin.ports.open': async (node) => {
    const isTcp = ({ protocol }: PortHolding) => protocol === 'tcp'
    await openInBrowser(await deps.targets.port(node, l10n.t('Open in Browser'), isTcp))
  },
  'quantumAdmin.ports.who': async (node) => {
    const { port } = await deps.targets.port(node, l10n.t('Who Holds This Port?'))
    await deps.documents.show('port', String(port), l10n.t('Port {0}', port))
  },
  'quantumAdmin.ports.stop': async (node) => {
    const isHeld = ({ row }: PortHolding) => row.pid !== null
    await stopHolder(deps, await deps.targets.port(node, l10n.t('Stop What Holds a Port'), isHeld))
  },
})

async function openInBrowser({ row, port }: PortHolding): Promise<void> {
  const any = row.address === '0.0.0.0' || row.address === '::'
  const host = any ? 'localhost' : row.family === 'ipv6' ? `[${row.address}]` : row.address
  // On a remote machine this is what makes VS Code forward the port.
  await env.openExternal(await env.asExternalUri(Uri.parse(`http://${host}:${port}/`)))
}

async function stopHolder({ model, actions }: PortCommandsDeps, shown: PortHolding): Promise<void> {
  const who = await model.query('ports.who', { port: shown.port })
  const rows = who.rows.filter((row) => row.protocol === shown.protocol && row.pid === shown.row.pid)
  if (rows.length === 0)
    throw new Failure(
      'process-changed',
      `Port ${shown.port} is not held by the process that was shown any more`,
    )
  const pids = [...new Set(rows.flatMap((row) => row.pids))]
  const processes = (await model.query('processes.list', {})).rows
  const holders = pids.map((pid) => {
    const startedAt =
      processes.find((row) => row.pid === pid)?.startedAt ??
      rows.find((row) => row.pid === pid)?.startedAt ??
      null
    if (startedAt === null)
      throw new Failure('permission-denied', `Process ${pid} is not visible enough to be stopped safely`)
    return { pid, startedAt }
  })
  const { stopped } = await actions.run({
    name: 'ports.free',
    params: { port: shown.port, holders },
    question: stopQuestion(shown, { ...who, rows }),
  })
  const killed = stopped.some(({ signal }) => signal === 'SIGKILL')
  window.setStatusBarMessage(
    killed
      ? l10n.t('Port {0} is free; its process had to be killed.', shown.port)
      : l10n.t('Port {0} is free.', shown.port),
    5000,
  )
}

const stopQuestion = (holding: PortHolding, who: PortWho): Question => ({
  message: l10n.t('Stop {0}, which holds port {1}?', label(holderOf(holding)), holding.port),
  detail: whoSummary(who),
  yes: l10n.t('Stop'),
  name: holderOf(holding),
})
