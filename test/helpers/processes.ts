import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { DatabaseAccess } from '../../src/db/address.ts'

export type HubProcess = {
  readonly child: ChildProcess
  readonly url: string
  readonly ended: Promise<string | number | null>
  stop(): Promise<void>
}

/** Starts a hub process and waits until it is ready, or has been killed at the crash point it was given. */
export const startHubProcess = async (
  access: DatabaseAccess,
  env: Readonly<Record<string, string>>,
): Promise<HubProcess | undefined> => {
  const { ACCORD_CRASH_AT: _, ...inherited } = process.env
  const child = fork(fileURLToPath(new URL('hub-process.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: { ...inherited, ...env, HUB_ACCESS: JSON.stringify(access) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as string | number | null)
  const first = await Promise.race([once(child, 'message').then(([message]) => message as { ready: string }), ended])
  if (typeof first !== 'object' || first === null) return undefined
  return {
    child,
    url: first.ready,
    ended,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
