/** What the command line's exit code says about an error. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 6

/** How one error code is carried over the wire and what the command line makes of it. */
export interface ErrorKind {
  /** JSON-RPC 2.0 error number; -32768..-32000 is reserved by the specification, the rest is ours. */
  readonly rpc: number
  readonly exit: ExitCode
  /** What to do about it when the thrower has nothing more precise to say. */
  readonly hint: string
}

const kind = (rpc: number, exit: ExitCode, hint: string): ErrorKind => ({ rpc, exit, hint })

/** Every error a person can meet. Each key has a page of the same name in docs/errors/. */
export const errorKinds = {
  'invalid-request': kind(-32600, 1, 'The client sent something that is not a JSON-RPC 2.0 request.'),
  'unknown-method': kind(-32601, 1, 'Update the older of the two sides: daemon or client.'),
  'invalid-params': kind(-32602, 2, 'Correct the named value and try again.'),
  internal: kind(-32603, 1, 'Look for the incident id with `quantum-admin daemon logs`.'),
  'wrong-use': kind(1000, 2, 'Run the command with --help.'),
  'not-found': kind(1001, 3, 'List what there is and check the name.'),
  conflict: kind(1002, 1, 'Release or stop what is in the way, or choose another name.'),
  'port-in-use': kind(1003, 1, 'Run `quantum-admin ports who PORT` to see who holds it.'),
  'range-full': kind(1004, 1, 'Release a lease you no longer need, or widen the range in settings.json.'),
  'process-changed': kind(1005, 1, 'List again: the process you saw has ended or its pid was reused.'),
  'permission-denied': kind(1006, 4, 'Ask the owner of the process or file, or run as that user.'),
  forbidden: kind(1007, 4, 'Ask an admin of this daemon for a role that may do this.'),
  'confirmation-required': kind(1008, 4, 'Confirm at the prompt, or pass --yes.'),
  refused: kind(1009, 4, 'This is refused to protect the machine; see the message for the reason.'),
  unauthenticated: kind(1010, 4, 'Use a valid token; `quantum-admin users token NAME` makes a new one.'),
  'login-throttled': kind(1011, 4, 'Wait for the time given in the message and try again.'),
  untrusted: kind(1012, 4, 'Trust the workspace in VS Code first.'),
  'audit-unavailable': kind(1013, 1, 'Free disk space or repair the state folder; queries still work.'),
  'store-unavailable': kind(1014, 1, 'Check that the state folder is writable and the disk is not full.'),
  'store-newer': kind(1015, 1, 'Update Quantum Admin, or point QUANTUM_ADMIN_HOME at another folder.'),
  'store-damaged': kind(1016, 1, 'Restore a backup; the damaged file was kept beside the store.'),
  'unsafe-state-folder': kind(1017, 1, 'Remove or repair the named path, then start the daemon again.'),
  'daemon-unreachable': kind(1018, 5, 'Run `quantum-admin daemon start` and `quantum-admin daemon logs`.'),
  'daemon-incompatible': kind(
    1019,
    5,
    'Update the older side: the command line, the extension or the daemon.',
  ),
  'engine-unavailable': kind(1020, 1, 'Start the container engine, or set DOCKER_HOST to its socket.'),
  'node-too-old': kind(1021, 1, 'Install Node.js 22.18 or newer, or set quantumAdmin.daemon.node to one.'),
  'settings-invalid': kind(1022, 1, 'Correct settings.json in the state folder at the named place.'),
  cancelled: kind(1023, 1, 'Nothing more was done after the cancellation.'),
  timeout: kind(1024, 1, 'Try again; if it persists, look at `quantum-admin doctor`.'),
  overloaded: kind(1025, 1, 'Read faster or ask for less: the connection was cut to protect the daemon.'),
  'verify-failed': kind(
    1026,
    6,
    'Keep the files as they are and read docs/audit.md on what the finding means.',
  ),
  'app-invalid': kind(1028, 1, 'Correct the named place in the folder or in its quantum.config.yaml.'),
  'app-failed': kind(1029, 1, 'Run `quantum-admin apps show NAME` to see what it wrote last.'),
  'job-failed': kind(1040, 1, 'Run `quantum-admin jobs show RUN` to see what it wrote last.'),
  'tests-failed': kind(
    1041,
    6,
    'Run `quantum-admin tests show RUN` to see which failed, and what was written.',
  ),
  'connector-failed': kind(1042, 6, 'Do what stands beside it, and test it again.'),
  'log-query-invalid': kind(1044, 2, 'See docs/logs.md on what a query may say.'),
  'secrets-unavailable': kind(1043, 1, 'See docs/connectors.md on where secrets and their key are kept.'),
  'check-failed': kind(1045, 6, 'Do what the reason beside it says, and check again.'),
  'hook-failed': kind(1049, 6, 'Do what stands beside it, and test it again.'),
  'doctor-failed': kind(1027, 6, 'Follow the hint beside each failed check.'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

/** The `data` member of a JSON-RPC error from the daemon. */
export interface ErrorData {
  readonly code: ErrorCode
  readonly hint: string
}

/** Whether a string from outside is one of our error codes. */
export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorKinds, code)
