import { execFileSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Who holds the lock. `started` tells a process from a later one that was given the same number. */
type Holder = { readonly pid: number; readonly started: string }

/** When a process began, as the system puts it; undefined if there is no such process or one may not look. */
const processStarted = (pid: number): string | undefined => {
  try {
    if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    // The name, in parentheses, may hold anything; the start time is the 20th field after it (proc(5)), in ticks since boot.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ')
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields?.[19]}`
  } catch {
    return undefined
  }
}

/** Whether a process of this number is there, whoever owns it. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const readHolder = (file: string): Holder | undefined => {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return typeof holder.pid === 'number' && typeof holder.started === 'string'
      ? { pid: holder.pid, started: holder.started }
      : undefined
  } catch {
    return undefined
  }
}

/** The pid of the living process that holds the lock, if any. */
export const lockHolder = (file: string): number | undefined => {
  const holder = readHolder(file)
  if (!holder || !isAlive(holder.pid)) return undefined
  const started = processStarted(holder.pid)
  return started === undefined || started === holder.started ? holder.pid : undefined
}

/**
 * Takes a lock file for this process, also from a holder that is dead. Returns what gives it back, or the pid of the
 * living holder.
 */
export const takeLock = (file: string): { release: () => void } | { heldBy: number } => {
  const mine: Holder = { pid: process.pid, started: processStarted(process.pid) ?? '' }
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 })
  try {
    for (;;) {
      try {
        linkSync(draft, file)
        return {
          release: () => {
            if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true })
          },
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const pid = lockHolder(file)
      if (pid !== undefined) return { heldBy: pid }
      retire(file, `${draft}.stale`)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Moves a dead holder's file away. Should another have been quicker, the file moved is a living one's and goes back. */
const retire = (file: string, aside: string): void => {
  try {
    renameSync(file, aside)
    if (lockHolder(aside) !== undefined) linkSync(aside, file)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}
