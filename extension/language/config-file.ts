import { Uri, workspace } from 'vscode'

const fileNames = ['quantum.config.yaml', 'quantum.config.yml']

/** Whether a document is a configuration of an app, on the machine that the extension runs on. */
export const isConfiguration = ({ scheme, path }: Uri): boolean =>
  scheme === 'file' && fileNames.some((name) => path.endsWith(`/${name}`))

/** The configuration in a folder; null when there is none. */
export async function configurationIn(folder: string): Promise<Uri | null> {
  const uri = Uri.file(folder)
  const names = new Set((await workspace.fs.readDirectory(uri)).map(([name]) => name))
  const file = fileNames.find((name) => names.has(name))
  return file === undefined ? null : Uri.joinPath(uri, file)
}
