/** What makes VS Code's own runtime a Node.js when this program starts itself again; nothing where it is one anyway. */
export const asNode: Readonly<Record<string, string>> =
  process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }
