import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { DatabaseAccess } from '../../src/db/address.ts'

/** `npm test` has compiled the hub just before; a test run by itself uses the source, which takes longer to start. */
export const compiled = process.env['npm_lifecycle_event'] === 'test'
const command = compiled
  ? [fileURLToPath(new URL('../../bin/accord-hub.js', import.meta.url))]
  : ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url))]

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string }
type Settings = { readonly env?: Readonly<Record<string, string>>; readonly input?: string | Uint8Array; readonly cwd?: string }

/** Runs `accord-hub …` as a user would, in a process of its own and with nothing in its environment but what is given. */
export const accordHub = (args: readonly string[], { env = {}, input, cwd = tmpdir() }: Settings = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...command, ...args], {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => out.push(piece))
    child.stderr.on('data', (piece: Buffer) => err.push(piece))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }))
    child.stdin.on('error', () => {}) // a command that has seen enough closes it
    child.stdin.end(input)
  })

/** The variables that point a command at a test's database. */
export const databaseEnv = ({ address, secret }: DatabaseAccess): Record<string, string> => {
  const url = new URL(`postgres://${encodeURIComponent(address.user)}@localhost:${address.port}/${address.database}`)
  if (address.password) url.password = encodeURIComponent(address.password)
  url.searchParams.set('host', address.host)
  return { DATABASE_URL: url.href, ACCORD_SECRET: secret }
}

/** The lines of JSON that a command printed. */
export const jsonLines = <T = Record<string, unknown>>({ stdout }: Ran): T[] =>
  stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T)
