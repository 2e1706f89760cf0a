import { createConnection } from 'vscode-languageserver/node'
import { LanguageServer } from './server.ts'

// The process of the language server: `--stdio` or `--node-ipc` says how its client talks to it. It ends with it.
new LanguageServer(createConnection(), process.env).listen()
