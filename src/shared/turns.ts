import { setImmediate } from 'node:timers/promises'

/** Work that takes long gives way to others after so many milliseconds. */
const turn = 8

/** For work in small steps that would hold up the whole process: awaited after each step, it lets others have their turn when it is time. */
export const takeTurns = (): (() => Promise<void> | undefined) => {
  let began = performance.now()
  return () => {
    if (performance.now() - began < turn) return undefined
    return setImmediate().then(() => {
      began = performance.now()
    })
  }
}
