// What the language server and its client say to each other beside the Language Server Protocol.

/** What a client says when it starts the server. Without it nothing but the text is looked at. */
export interface LanguageOptions {
  readonly trusted?: boolean
}

/** Server to client: the names of the apps that the daemon knows; null while it cannot be asked. */
export const appNamesRequest = 'quantumAdmin/appNames'
/** Server to client, with `{ app }`: the URI of that app's configuration, or null. */
export const appFileRequest = 'quantumAdmin/appFile'
/** Client to server: the workspace is trusted from now on. */
export const trustedNotification = 'quantumAdmin/trusted'
/** Client to server: other names are known from now on. */
export const appsChangedNotification = 'quantumAdmin/appsChanged'
/** Client to server, with `{ uri }`: {@link AskedPort}, or null where a document asks for none. */
export const askedPortRequest = 'quantumAdmin/askedPort'

/** A place in a document, counted from 0 as the protocol does. */
interface TextPosition {
  readonly line: number
  readonly character: number
}

/** The port that a document asks for, and where. */
export interface AskedPort {
  readonly port: number
  /** `server` is the framework's section: it counts for its apps alone. */
  readonly section: 'admin' | 'server'
  readonly range: { readonly start: TextPosition; readonly end: TextPosition }
}
