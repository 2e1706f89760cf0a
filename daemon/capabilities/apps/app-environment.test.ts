import { expect, test } from 'vitest'
import { appEnvironment, withSecrets } from './app-environment.ts'

const secret = (name: string) => Promise.resolve(name === 'db' ? 'what is kept' : null)

test('a variable that names a secret holds it, and nothing else is taken for a name', async () => {
  const env = {
    DB_PASSWORD: 'secret:db',
    PLAIN: 'value',
    NOT_ALONE: 'x secret:db',
    NO_NAME: 'secret:',
    SPACE: 'secret: db',
  }
  expect(await withSecrets(env, secret)).toEqual({ ...env, DB_PASSWORD: 'what is kept' })
})

test('a secret that is not there keeps the app from being started, and the variable is named', async () => {
  await expect(withSecrets({ TOKEN: 'secret:other' }, secret)).rejects.toMatchObject({
    code: 'app-invalid',
    message: 'The variable TOKEN is to hold the secret other, and there is none',
    hint: 'Run `quantum-admin secrets set other`.',
  })
})

test('an app sees what it is given, and nothing of how the daemon was started', () => {
  const daemon = { PATH: '/bin', VSCODE_PID: '1', QUANTUM_ADMIN_HOME: '/home', npm_config_x: 'y' }
  const app = { name: 'shop', env: { A: 'b', PWD: '/elsewhere' }, port: 8000, folder: '/shop' }
  expect(appEnvironment(daemon, app)).toEqual({
    PATH: '/bin',
    A: 'b',
    PWD: '/shop',
    PORT: '8000',
    QUANTUM_ADMIN_APP: 'shop',
    QUANTUM_ADMIN_LEASE: 'shop',
  })
})
