/**
 * Places at which the crash tests kill the process: `ACCORD_CRASH_AT=apply.committed:3` kills it, as SIGKILL does, the third
 * time it passes the point of that name. Costs one comparison when unset, as it is outside tests.
 */
const [target, after] = (process.env['ACCORD_CRASH_AT'] ?? '').split(':')
let left = Number(after ?? 1)

export type CrashPoint =
  | 'receive.before-commit' | 'receive.committed'
  | 'judge.before-commit' | 'judge.committed'
  | 'apply.before-commit' | 'apply.committed'
  | 'finish.before-commit' | 'finish.committed'
  | 'deliver.before-commit' | 'deliver.committed'
  | 'relay.enqueued' | 'work.done'

export const crashPoint = (name: CrashPoint): void => {
  if (target !== name) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}
