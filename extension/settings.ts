import { workspace } from 'vscode'

/** What a person can set under `quantumAdmin`. Those that name a program or a place to connect to are machine-scoped. */
export interface Settings {
  /** `https://host:port` of a team's daemon; empty for this machine's own. */
  readonly daemonUrl: string
  /** Path of a PEM file with the authority of that daemon's certificate; empty for the public ones. */
  readonly daemonCa: string
  /** Path of the Node.js that runs the daemon; empty for VS Code's own runtime. */
  readonly daemonNode: string
  readonly docsUrl: string
  readonly docsDevelopmentUrl: string
}

const text = (name: string): string => workspace.getConfiguration('quantumAdmin').get<string>(name, '').trim()

/** Reads the settings as they are now. */
export const settings = (): Settings => ({
  daemonUrl: text('daemon.url'),
  daemonCa: text('daemon.ca'),
  daemonNode: text('daemon.node'),
  docsUrl: text('docs.url'),
  docsDevelopmentUrl: text('docs.developmentUrl'),
})
