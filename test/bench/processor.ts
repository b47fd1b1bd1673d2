import { readdirSync, readFileSync } from 'node:fs'

/** Processor seconds of this process, and of a PostgreSQL with all its sessions (NaN where there is no /proc). */
export type ProcessorTime = { readonly hub: number; readonly database: number }

/** Counts from now until the function that it returns is called. It says more than the clock on a machine that does other things too. */
export const processorTime = (postmaster: number): (() => ProcessorTime) => {
  const begin = { hub: hubSeconds(), database: databaseSeconds(postmaster) }
  return () => ({ hub: hubSeconds() - begin.hub, database: databaseSeconds(postmaster) - begin.database })
}

const hubSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const ticksPerSecond = 100

const databaseSeconds = (postmaster: number): number => {
  if (process.platform !== 'linux') return NaN
  let ticks = 0
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number)) {
    const [state, parent, user, system, childUser, childSystem] = statOf(pid)
    if (state === undefined || (pid !== postmaster && Number(parent) !== postmaster)) continue
    ticks += Number(user) + Number(system)
    // Sessions that have ended are counted with their parent.
    if (pid === postmaster) ticks += Number(childUser) + Number(childSystem)
  }
  return ticks / ticksPerSecond
}

/** State, parent, and ticks of the process and of its children that are gone: proc(5), fields 3, 4 and 14 to 17. */
const statOf = (pid: number): string[] => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    return [...fields.slice(0, 2), ...fields.slice(11, 15)]
  } catch {
    return []
  }
}
