import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Whom a process can be run as here. `prefix` is the command that becomes that user; `uid` owns what it makes. */
export type User = { readonly name: string; readonly uid: number; readonly prefix: readonly string[] }

const repository = fileURLToPath(new URL('../..', import.meta.url))
const ownUid = process.getuid?.() ?? 0

/** Ourselves, and, where we are root and others can read the repository, an ordinary user. */
export const users = (): readonly User[] => {
  const self = { name: ownUid === 0 ? 'root' : 'an ordinary user', uid: ownUid, prefix: [] }
  const nobody = { name: 'uid 65534', uid: 65534, prefix: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] }
  const [command = '', ...options] = nobody.prefix
  const able = ownUid === 0 && spawnSync(command, [...options, 'test', '-r', join(repository, 'package.json')]).status === 0
  return able ? [self, nobody] : [self]
}

/** A home of mode 700 that belongs to the user, gone with the test. */
export const homeOf = (t: { teardown(fn: () => void): void }, user: User): string => {
  const home = mkdtempSync(join(tmpdir(), 'accord-home-'))
  chmodSync(home, 0o700)
  if (user.uid !== ownUid) chownSync(home, user.uid, user.uid)
  t.teardown(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }))
  return home
}

/** Runs a TypeScript file as the user, in a session of its own; `line` is the next line it prints. */
export const run = (
  t: { teardown(fn: () => void): void },
  user: User,
  file: string,
  args: readonly string[],
  home: string,
): { child: ChildProcess; line(): Promise<string>; exited: Promise<number | null> } => {
  // The test runner puts itself into every Node process; this one may not even write where it wants to.
  const [command = '', ...rest] = [
    'env',
    '-u',
    'NODE_OPTIONS',
    ...user.prefix,
    process.execPath,
    '--import',
    'tsx',
    fileURLToPath(new URL(file, import.meta.url)),
    ...args,
  ]
  const child = spawn(command, rest, {
    cwd: repository,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: tmpdir() },
  })
  const exited = new Promise<number | null>(done => child.once('exit', code => done(code)))
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, exited, line: async () => String((await lines.next()).value) }
}

/** The processes whose working folder is in `folder`: a PostgreSQL works in its data folder. Linux only; elsewhere none. */
export const processesIn = (folder: string): number[] => {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
      } catch {
        return false
      }
    })
}

/** The session of a process; what a terminal's Ctrl-C reaches is in its own. */
export const sessionOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ')[3])
